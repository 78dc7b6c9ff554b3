#!/bin/sh
# Generate JSON schemas out of Grafana's own types, into .tools/grafana: DASHBOARD.json
# and, for each panel type, PANEL-Options.json and PANEL-FieldConfig.json.
#
# usage: scripts/grafana-schemas.sh
set -eu

root=$PWD/.tools/grafana
work=$root.partial
PATH=$PWD/.tools/node/bin:$PATH
# Who the machine trusts, npm trusts as well.
export NODE_USE_SYSTEM_CA=1
rm -rf "$root" "$work"
mkdir -p "$work/schemas"
cp tests/grafana/npm/package.json tests/grafana/npm/package-lock.json "$work"
cd "$work"
npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error >/dev/null

types=node_modules/@grafana/schema/dist/types/raw
generate() {
    node node_modules/ts-json-schema-generator/bin/ts-json-schema-generator.js \
        --no-type-check --path "$types/$1/x/types.gen.d.ts" --type "$2" --out "schemas/$3.json"
}

generate dashboard Dashboard dashboard
for panel in bargauge heatmap stat statetimeline table timeseries; do
    generate "composable/$panel/panelcfg" Options "$panel-Options"
    generate "composable/$panel/panelcfg" FieldConfig "$panel-FieldConfig"
done
rm -rf node_modules
mv "$work" "$root"
touch "$root/.complete"

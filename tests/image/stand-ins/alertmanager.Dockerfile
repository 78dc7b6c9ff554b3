# In the place of docker.io/prom/alertmanager: Debian's program, laid out alike.
FROM localhost/stand-in-python
COPY bin/prometheus-alertmanager /bin/alertmanager
# Where it is started it looks for them: see scripts/fetch-parts.sh.
COPY share/prometheus/alertmanager /stand-in/templates
RUN install --directory --owner=65534 --group=65534 /alertmanager
WORKDIR /stand-in
VOLUME /alertmanager
ENTRYPOINT ["/bin/alertmanager"]

# A machine whose first process is systemd, with the exporter installed on it.
FROM localhost/tm-exporter AS program
FROM localhost/stand-in-python
RUN apt-get -qq update \
    && apt-get -qq install --yes --no-install-recommends systemd systemd-sysv dbus >/dev/null \
    && install --directory --mode=0700 /etc/tm-exporter/secrets
COPY --from=program /opt/tm-exporter /opt/tm-exporter
STOPSIGNAL SIGRTMIN+3
# Credentials are mounted, and mounts are shared by default on a machine alone.
CMD ["sh", "-c", "mount --make-rshared / && exec /sbin/init"]

# In the place of docker.io/prom/prometheus: Debian's program, laid out alike.
FROM localhost/stand-in-python
COPY bin/prometheus /bin/prometheus
RUN install --directory --owner=65534 --group=65534 /prometheus
VOLUME /prometheus
ENTRYPOINT ["/bin/prometheus"]

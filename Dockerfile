FROM python:3.13-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --create-home --uid 1000 beaker
WORKDIR /opt/beaker
COPY . .
RUN pip install --no-cache-dir .
USER beaker
WORKDIR /home/beaker
EXPOSE 8888
ENTRYPOINT ["python", "-P", "/opt/beaker/main.py"]
CMD ["--ip=0.0.0.0", "--port=8888"]

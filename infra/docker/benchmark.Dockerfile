# The benchmark worker: a client of the registry, trains downstream classifiers. Build from the repository's root:
#   docker build -f infra/docker/benchmark.Dockerfile -t synspine-benchmark .
FROM node:20.20.2-bookworm-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends g++ python3 python3-pip && rm -rf /var/lib/apt/lists/*
ENV SYNSPINE_CACHE=/opt/synspine-cache
WORKDIR /synspine
COPY package.json package-lock.json .npmrc ./
COPY apps apps
COPY packages packages
COPY prisma prisma
COPY scripts scripts
COPY tsconfig.base.json tsconfig.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund \
 && node scripts/setup.mjs --only TensorFlow --only "TensorFlow addon" --only "EfficientNet weights" --only confinement \
 && npm prune --omit=dev --ignore-scripts

FROM node:20.20.2-bookworm-slim
ENV SYNSPINE_CACHE=/opt/synspine-cache
WORKDIR /synspine
COPY --from=build /opt/synspine-cache /opt/synspine-cache
COPY --from=build /synspine /synspine
RUN mkdir /home-of-benchmark && chown node:node /home-of-benchmark
USER node
VOLUME /home-of-benchmark
ENTRYPOINT ["node", "apps/benchmark/bin/synspine-benchmark.mjs"]
CMD ["run", "--home", "/home-of-benchmark"]

# The site agent: runs in the hospital, needs outbound HTTPS to one host only. Build from the repository's root:
#   docker build -f infra/docker/site-agent.Dockerfile -t synspine-site-agent .
FROM node:20.20.2-bookworm-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends g++ python3 python3-pip && rm -rf /var/lib/apt/lists/*
ENV SYNSPINE_CACHE=/opt/synspine-cache
# GPU=1: TensorFlow for NVIDIA cards and its libraries, 5.3 GB more.
ARG GPU=
WORKDIR /synspine
COPY package.json package-lock.json .npmrc ./
COPY apps apps
COPY packages packages
COPY prisma prisma
COPY scripts scripts
COPY tsconfig.base.json tsconfig.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund \
 && node scripts/setup.mjs ${GPU:+--gpu} --only TensorFlow --only "TensorFlow addon" --only "Inception weights" --only "EfficientNet weights" --only PostgreSQL --only confinement \
 && npm prune --omit=dev --ignore-scripts

FROM node:20.20.2-bookworm-slim
ENV SYNSPINE_CACHE=/opt/synspine-cache
WORKDIR /synspine
COPY --from=build /opt/synspine-cache /opt/synspine-cache
COPY --from=build /synspine /synspine
RUN mkdir /home-of-site-agent && chown node:node /home-of-site-agent
USER node
VOLUME /home-of-site-agent
ENTRYPOINT ["node", "apps/site-agent/bin/synspine-site.mjs"]
CMD ["serve", "--home", "/home-of-site-agent"]

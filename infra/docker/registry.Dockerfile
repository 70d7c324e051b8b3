# The registry with the dashboard's static files. Build from the repository's root:
#   docker build -f infra/docker/registry.Dockerfile -t synspine-registry .
FROM node:20.20.2-bookworm-slim AS build
WORKDIR /synspine
COPY package.json package-lock.json .npmrc ./
COPY apps apps
COPY packages packages
COPY prisma prisma
COPY scripts scripts
COPY tsconfig.base.json tsconfig.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund \
 && node scripts/setup.mjs --only "database client" --only dashboard \
 && npm prune --omit=dev --ignore-scripts

FROM node:20.20.2-bookworm-slim
ENV LISTEN_HOST=0.0.0.0 PORT=8080 DASHBOARD_DIR=/synspine/apps/dashboard/dist
WORKDIR /synspine
COPY --from=build /synspine /synspine
RUN mkdir /objects && chown node:node /objects
USER node
EXPOSE 8080
HEALTHCHECK CMD ["node", "-e", "fetch('http://127.0.0.1:8080/health').then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "apps/registry/bin/synspine-registry.mjs"]
CMD ["serve"]

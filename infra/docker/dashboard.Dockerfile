# The dashboard's static files alone, for a web server of your own (the registry's image has them already):
#   docker build -f infra/docker/dashboard.Dockerfile --output dashboard .
FROM node:20.20.2-bookworm-slim AS build
WORKDIR /synspine
COPY package.json package-lock.json .npmrc ./
COPY apps apps
COPY packages packages
COPY scripts scripts
COPY tsconfig.base.json tsconfig.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund && node scripts/setup.mjs --only dashboard

FROM scratch
COPY --from=build /synspine/apps/dashboard/dist /

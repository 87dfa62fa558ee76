# syntax=docker/dockerfile:1
# Without a Docker daemon, `node tools/replay-image.mjs` replays these steps.
# Build: docker build -t billing-graphql-gateway .
# Run:   docker run --read-only --cap-drop=ALL -p 4000:4000 -v ledger:/app/data --env-file .env billing-graphql-gateway

FROM node:24.21.0-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# No install script is needed. The optional packages are: esbuild's program is one of them.
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY tools ./tools
COPY src ./src
RUN node tools/build.mjs

FROM node:24.21.0-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4000
WORKDIR /app
COPY --from=build /app/dist ./dist
# The bundle hides from scanners what it is made of; this list tells them. They look for it in the folder of package.json.
COPY --from=build /app/dist/sbom.cdx.json ./
COPY package.json schema.graphql ./
COPY operations ./operations
# The ledger's volume is all that is ever written. The user is numeric, so that a cluster can check that it is not root.
RUN mkdir -p data && chown 10001:10001 data
# Loading all modules once leaves their compiled code behind, where Node looks for that of this user, with these flags; from then on it is
# only read.
RUN mkdir dist/.compile-cache && chown 10001:10001 dist/.compile-cache \
  && NODE_COMPILE_CACHE=dist/.compile-cache setpriv --reuid=10001 --regid=10001 --clear-groups \
    node --enable-source-maps --v8-pool-size=1 --max-semi-space-size=32 --heap-growing-percent=100 \
    -e "import('./dist/cli.js').then(() => import('./dist/gateway.js'))" \
  && chown -R 0:0 dist/.compile-cache && chmod -R a+rX dist/.compile-cache
USER 10001:10001
VOLUME ["/app/data"]
EXPOSE 4000
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# node is PID 1: it gets SIGTERM itself and drains.
CMD ["node", "--enable-source-maps", "--v8-pool-size=1", "--max-semi-space-size=32", "--heap-growing-percent=100", "dist/main.js"]

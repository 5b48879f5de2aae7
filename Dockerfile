# The demo in a container. See compose.yaml.
FROM node:24-slim
WORKDIR /app
COPY --chown=node:node . .
RUN mkdir /data && chown node:node /app /data
USER node
# npm's own runner brings pnpm; the lockfile says the rest.
RUN npx -y pnpm@12.21.0 install --frozen-lockfile && npx -y pnpm@12.21.0 exec turbo run build --filter=@oncekey/demo-web
EXPOSE 3000
CMD ["node", "apps/server/src/main.ts"]

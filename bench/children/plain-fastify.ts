import Fastify from 'fastify';

/** Fastify and nothing else: one route that answers the JSON of its standard input. Prints its address. */
let text = '';
for await (const chunk of process.stdin) text += chunk;
const answer = JSON.parse(text) as object;
const app = Fastify();
app.get('/v1/datasets/:releaseId', async () => answer);
console.log(await app.listen({ host: '127.0.0.1', port: 0 }));

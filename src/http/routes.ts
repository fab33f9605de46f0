import type { FastifyInstance, FastifyReply } from 'fastify';

import type { Health } from '../service/health/health.js';
import { unknownEvent } from '../service/event-handlers.js';
import type { KafkaService } from '../service/kafka-service.js';
import { EVENT_REQUEST, TOPIC_REQUEST, type EventRequest, type TopicRequest } from './request-body.js';

/** What a service shows and takes over HTTP. */
export function addRoutes(app: FastifyInstance, service: KafkaService): void {
  addHealth(app, service);
  addTopics(app, service);
  addEvents(app, service);
  app.get('/stats', () => service.getStats());
}

function addHealth(app: FastifyInstance, service: KafkaService): void {
  const answer = async (reply: FastifyReply, isWell: (health: Health) => boolean): Promise<Health> => {
    const health = await service.healthCheck();
    reply.code(isWell(health) ? 200 : 503);
    return health;
  };
  app.get('/kafka/health', (_request, reply) => answer(reply, ({ ready }) => ready));
  app.get('/health/ready', (_request, reply) => answer(reply, ({ ready }) => ready));
  app.get('/health/live', (_request, reply) => answer(reply, ({ live }) => live));
}

function addTopics(app: FastifyInstance, { client }: KafkaService): void {
  app.get('/kafka/topics', async () => ({ topics: await client.topics() }));
  app.get<{ Params: { name: string } }>('/kafka/topics/:name', ({ params }) => client.topic(params.name));
  app.post<{ Body: TopicRequest }>('/kafka/topics', { schema: { body: TOPIC_REQUEST } }, async ({ body }, reply) => {
    const { name, ...options } = body;
    const topic = await client.createTopic(name, options);
    reply.code(topic.created ? 201 : 200);
    return topic;
  });
}

function addEvents(app: FastifyInstance, service: KafkaService): void {
  app.post<{ Body: EventRequest }>('/kafka/events', { schema: { body: EVENT_REQUEST } }, async ({ body }, reply) => {
    // What nobody here has registered is a slip more often than an event: `publishEvent` is for those.
    if (service.events.named(body.name).length === 0) throw unknownEvent(service.events, body.name);
    const { topic, data, key: partitionKey, occurredAt, ...options } = body;
    const receipt = await service.publishEvent(topic, data, {
      ...options,
      partitionKey,
      occurredAt: occurredAt === undefined ? undefined : new Date(occurredAt),
    });
    const { envelope, listenerErrors, ...place } = receipt;
    reply.code(201);
    return { id: envelope.id, ...place, listenerErrors: listenerErrors.map(({ code, listener }) => ({ code, listener })) };
  });
}

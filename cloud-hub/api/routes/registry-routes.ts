import { createHash } from 'node:crypto'
import { modelReference } from '@leadglass/sync-agent/contract'
import { aliasRequest, webhookRequest } from '@leadglass/ui/contract/hub-api'
import type { FastifyReply } from 'fastify'
import { z } from 'zod'
import { type CardDocument, cardPrint, chaiXml, fhirDocumentReference } from '../../model-card/index.ts'
import { renderPdf } from '../../print/index.ts'
import { WEBHOOK_EVENTS } from '../../webhooks/index.ts'
import { ApiError } from '../errors.ts'
import { actorOf, EVERYBODY, type HubRoute, MAKERS } from '../route.ts'
import type { HubServices } from '../services.ts'
import { aliasViews, comparisonOf, lineageViewOf, sbomOf } from '../views/registry-view.ts'
import { findVersion } from './model-routes.ts'

const byName = z.object({ name: modelReference.shape.name })
const byVersion = byName.extend({ version: modelReference.shape.version })
const byFormat = byVersion.extend({ format: z.enum(['json', 'pdf', 'xml', 'fhir']) })
const byAlias = byName.extend({ alias: z.string().max(64) })
const byWebhook = z.object({ webhook: z.uuid() })
const pairing = z.object({ first: modelReference.shape.version, second: modelReference.shape.version })

/** Cards and their exports, lineage, bill of materials, comparison, aliases, webhooks. */
export function registryRoutes(services: HubServices): HubRoute[] {
  const { aliases, cards, webhooks, audit } = services
  const version = (params: unknown): ReturnType<typeof findVersion> => {
    const { name, version: of } = byVersion.parse(params)
    return findVersion(services, name, of)
  }
  const recordAlias = (caller: Parameters<typeof actorOf>[0], digest: string, code: string): void =>
    audit.record({
      event: 'alias.changed',
      actor: actorOf(caller),
      subject: { kind: 'model', id: digest },
      outcome: 'success',
      codes: [code],
    })
  const recordWebhook = (caller: Parameters<typeof actorOf>[0], code: string): void =>
    audit.record({
      event: 'setting.changed',
      actor: actorOf(caller),
      subject: { kind: 'setting', id: 'webhooks' },
      outcome: 'success',
      codes: [code],
    })
  return [
    {
      method: 'GET',
      url: '/api/models/:name/versions/:version/card',
      roles: EVERYBODY,
      handle: async ({ params }) => cards.document(version(params)),
    },
    {
      method: 'GET',
      url: '/api/models/:name/versions/:version/card/:format',
      roles: EVERYBODY,
      handle: async ({ params, reply }) => {
        const { name, version: of, format } = byFormat.parse(params)
        return exported(await cards.document(findVersion(services, name, of)), format, reply)
      },
    },
    {
      method: 'GET',
      url: '/api/models/:name/versions/:version/lineage',
      roles: EVERYBODY,
      handle: async ({ params }) => lineageViewOf(services, version(params)),
    },
    {
      method: 'GET',
      url: '/api/models/:name/versions/:version/sbom',
      roles: EVERYBODY,
      handle: async ({ params, reply }) => {
        void reply.type('application/vnd.cyclonedx+json; charset=utf-8')
        return JSON.stringify(await sbomOf(services, version(params)))
      },
    },
    {
      method: 'GET',
      url: '/api/models/:name/comparison',
      roles: EVERYBODY,
      handle: async ({ params, query }) => {
        const { name } = byName.parse(params)
        const { first, second } = pairing.parse(query)
        return comparisonOf(services, findVersion(services, name, first), findVersion(services, name, second))
      },
    },
    {
      method: 'GET',
      url: '/api/models/:name/aliases',
      roles: EVERYBODY,
      handle: async ({ params }) => ({ aliases: aliasViews(services, byName.parse(params).name) }),
    },
    {
      method: 'POST',
      url: '/api/models/:name/aliases',
      roles: MAKERS,
      handle: async ({ params, body, caller }) => {
        const { name } = byName.parse(params)
        const request = aliasRequest.parse(body)
        const { model } = findVersion(services, name, request.version)
        aliases.set(name, request.alias, model.digest, caller.account)
        recordAlias(caller, model.digest, 'alias-set')
        return { aliases: aliasViews(services, name) }
      },
    },
    {
      method: 'DELETE',
      url: '/api/models/:name/aliases/:alias',
      roles: MAKERS,
      handle: async ({ params, caller }) => {
        const { name, alias } = byAlias.parse(params)
        const digest = aliases.resolve(name, alias)?.model.digest
        if (!aliases.remove(name, alias) || digest === undefined)
          throw new ApiError('not-found', 'there is no such alias')
        recordAlias(caller, digest, 'alias-removed')
        return { aliases: aliasViews(services, name) }
      },
    },
    {
      method: 'GET',
      url: '/api/webhooks',
      roles: MAKERS,
      handle: async () => ({ events: WEBHOOK_EVENTS, webhooks: webhooks.webhooks() }),
    },
    {
      method: 'POST',
      url: '/api/webhooks',
      roles: ['operator'],
      handle: async ({ body, caller, reply }) => {
        const { url, events } = webhookRequest.parse(body)
        const unknown = events.filter((event) => !WEBHOOK_EVENTS.includes(event))
        if (unknown.length > 0) throw new ApiError('request-invalid', 'one of the events is none that webhooks tell of')
        const made = webhooks.add(url, [...new Set(events)], caller.account)
        recordWebhook(caller, 'webhook-added')
        void reply.status(201)
        return made
      },
    },
    {
      method: 'DELETE',
      url: '/api/webhooks/:webhook',
      roles: ['operator'],
      handle: async ({ params, caller }) => {
        if (!webhooks.remove(byWebhook.parse(params).webhook))
          throw new ApiError('not-found', 'there is no such webhook')
        recordWebhook(caller, 'webhook-removed')
        return { events: WEBHOOK_EVENTS, webhooks: webhooks.webhooks() }
      },
    },
  ]
}

/** The card as a file to take away. */
async function exported(
  document: CardDocument,
  format: z.infer<typeof byFormat>['format'],
  reply: FastifyReply,
): Promise<unknown> {
  const { name, version } = document.model
  const file = (extension: string): string => `attachment; filename="${name}-${version}-card.${extension}"`
  switch (format) {
    case 'json':
      void reply.header('content-disposition', file('json'))
      return document
    case 'xml':
      void reply.type('application/xml; charset=utf-8').header('content-disposition', file('xml'))
      return chaiXml(document)
    case 'pdf':
      void reply.type('application/pdf').header('content-disposition', file('pdf'))
      return Buffer.from(await renderPdf(cardPrint(document)))
    case 'fhir': {
      void reply.type('application/fhir+json; charset=utf-8').header('content-disposition', file('fhir.json'))
      const xml = Buffer.from(chaiXml(document))
      const pdf = await renderPdf(cardPrint(document))
      return JSON.stringify(fhirDocumentReference(document, { xml, pdf }, sha1))
    }
  }
}

/** FHIR R4 says that Attachment.hash is SHA-1. It guards against mix-ups, not against forgery: signatures do that. */
function sha1(bytes: Uint8Array): string {
  return createHash('sha1').update(bytes).digest('base64')
}

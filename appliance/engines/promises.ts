import { z } from 'zod'

/**
 * What an engine may promise beyond taking and sending objects over DIMSE. A closed list, so that a configuration can say
 * which of them it does without.
 */
export const PROMISES = {
  tls: 'TLS towards callers and peers (PS3.15 B)',
  commitment: 'storage commitment (PS3.4 J)',
  query: 'answers to C-FIND (PS3.4 C)',
  'durable-success':
    'success is sent only when the object is where power loss cannot take it, and refusal where it is not kept',
  'caller-policy': 'callers are let in by title, address and certificate',
  'bind-address': 'the port is opened on one address of the machine',
  'unchanged-object': 'the data set is kept as the bytes that were sent',
  'bounded-memory': 'an object is never held in memory as a whole',
  'several-associations': 'several callers are served at the same time',
  'survives-bad-input': 'bytes against the standard end one association and nothing else',
  'result-of-each': 'what a peer answered to each object that was sent',
} as const satisfies Record<string, string>

/** One promise by name. */
export type EnginePromise = keyof typeof PROMISES

const NAMES = Object.keys(PROMISES) as EnginePromise[]
const promiseName = z.enum(NAMES)

/** Which promises an engine keeps: each is stated, none is left out. */
export type Capabilities = Readonly<Record<EnginePromise, boolean>>

/** The choice of an engine in the configuration file. */
export const engineConfiguration = z.discriminatedUnion('name', [
  z.strictObject({ name: z.literal('own') }),
  z.strictObject({
    name: z.literal('native'),
    /** Where the engine was built; `installer/engine/native` of this program unless told. */
    folder: z.string().min(1).max(4096).optional(),
    /** Promises that the site does without. What is needed, not kept and not named here stops the start. */
    acceptMissing: z.array(promiseName).default([]),
  }),
])
export type EngineConfiguration = z.infer<typeof engineConfiguration>

/** The promises that are needed, not kept and not done without, in the order of the list. */
export function missingPromises(
  capabilities: Capabilities,
  needed: Iterable<EnginePromise>,
  accepted: readonly EnginePromise[],
): EnginePromise[] {
  const wanted = new Set(needed)
  return NAMES.filter((name) => wanted.has(name) && !capabilities[name] && !accepted.includes(name))
}

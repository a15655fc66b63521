import { z } from 'zod'

/** `kiosk`: full screen and nothing else on this desk. */
export const deskMode = z.enum(['window', 'kiosk'])
export type DeskMode = z.infer<typeof deskMode>

/** What the desk knows of itself. */
export const deskFacts = z.strictObject({
  version: z.string().max(64),
  mode: deskMode,
  /** `host:port` of the appliance; null before the console is paired. */
  appliance: z.string().max(300).nullable(),
  /** What this package was made for; a package made with a test runtime says so on every screen. */
  release: z.enum(['release', 'not-for-release']),
})
export type DeskFacts = z.infer<typeof deskFacts>

/** What came of pairing. */
export const pairingOutcome = z.discriminatedUnion('outcome', [
  z.strictObject({ outcome: z.literal('paired'), facts: deskFacts }),
  /** The text is none. */
  z.strictObject({ outcome: z.literal('unreadable') }),
  /** Nobody answers there. */
  z.strictObject({ outcome: z.literal('unreachable') }),
  /** Somebody answers and shows another key: never to be waved through. */
  z.strictObject({ outcome: z.literal('other-key') }),
])
export type PairingOutcome = z.infer<typeof pairingOutcome>

/**
 * Everything that pages and the main process may say to one another. Both sides parse what they get: a page is hostile to
 * the main process, and the main process may be of another version than the page.
 */
export const DESK_CHANNELS = {
  'desk:facts': { request: z.tuple([]), answer: deskFacts },
  'desk:mode': { request: z.tuple([deskMode]), answer: deskFacts },
  'desk:pair': { request: z.tuple([z.string().max(512)]), answer: pairingOutcome },
  'desk:forget': { request: z.tuple([]), answer: deskFacts },
} as const

export type DeskChannel = keyof typeof DESK_CHANNELS
export type DeskRequest<Channel extends DeskChannel> = z.infer<(typeof DESK_CHANNELS)[Channel]['request']>
export type DeskAnswer<Channel extends DeskChannel> = z.infer<(typeof DESK_CHANNELS)[Channel]['answer']>

/** What a page finds under `window.leadglassDesk`. */
export interface DeskBridge {
  facts(): Promise<DeskFacts>
  mode(mode: DeskMode): Promise<DeskFacts>
  pair(text: string): Promise<PairingOutcome>
  forget(): Promise<DeskFacts>
}

/** How the main process answers each channel. A channel without a handler does not compile. */
export type DeskHandlers = {
  readonly [Channel in DeskChannel]: (...request: DeskRequest<Channel>) => Promise<DeskAnswer<Channel>>
}

/**
 * Wraps handlers so that nothing unparsed reaches them and nothing unparsed leaves them.
 * @returns one function a channel, for `ipcMain.handle`. @throws `Error` "refused" for what is not of the contract.
 */
export function guardedHandlers(
  handlers: DeskHandlers,
): ReadonlyMap<DeskChannel, (given: unknown[]) => Promise<unknown>> {
  const channels = Object.keys(DESK_CHANNELS) as DeskChannel[]
  return new Map(channels.map((channel) => [channel, (given) => guarded(channel, handlers, given)]))
}

async function guarded<Channel extends DeskChannel>(
  channel: Channel,
  handlers: DeskHandlers,
  given: unknown[],
): Promise<unknown> {
  const request = DESK_CHANNELS[channel].request.safeParse(given)
  if (!request.success) throw new Error('refused')
  return DESK_CHANNELS[channel].answer.parse(await handlers[channel](...(request.data as DeskRequest<Channel>)))
}

import { z } from 'zod'

/** Where an appliance takes consoles in, and the key that it must show there. */
export const consoleConnection = z.strictObject({
  /** A name or an address; IPv6 without brackets. */
  host: z.string().regex(/^[A-Za-z0-9.:-]{1,253}$/),
  port: z.number().int().min(1).max(65_535),
  /** SHA-256 of the public key (SPKI), base64url: 43 characters. */
  pin: z.string().regex(/^[\w-]{43}$/),
})
export type ConsoleConnection = z.infer<typeof consoleConnection>

const FORM = /^leadglass-console:\/\/(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})\/([\w-]{43})$/

/** One line that can be read out, pasted or printed. */
export function pairingText({ host, port, pin }: ConsoleConnection): string {
  return `leadglass-console://${host.includes(':') ? `[${host}]` : host}:${port}/${pin}`
}

/** @returns `undefined` for anything but a pairing text; space around it is no matter. */
export function readPairingText(text: string): ConsoleConnection | undefined {
  const match = text.length > 512 ? null : FORM.exec(text.trim())
  if (match === null) return undefined
  const parsed = consoleConnection.safeParse({
    host: match[1] ?? match[2],
    port: Number(match[3]),
    pin: match[4],
  })
  return parsed.success ? parsed.data : undefined
}

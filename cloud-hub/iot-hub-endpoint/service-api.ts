import { deviceId } from '@leadglass/sync-agent/contract'
import { isCodedError } from '@leadglass/sync-agent/foundation'
import { isJsonObject, type JsonObject } from '@leadglass/sync-agent/transport'
import { z } from 'zod'
import type { MethodResult } from './device-methods.ts'
import type { EndpointCode } from './errors.ts'
import type { Twin, Twins } from './twins.ts'

const twinPatch = z.looseObject({
  properties: z.looseObject({ desired: z.custom<JsonObject>(isJsonObject) }),
})
const methodCall = z.looseObject({
  methodName: z.string().min(1).max(100),
  responseTimeoutInSeconds: z.number().int().min(5).max(300).default(30),
  payload: z.unknown(),
})

/** What the service whose paths these are answers with, by our code. */
const REFUSALS: Readonly<Partial<Record<EndpointCode, { readonly status: number; readonly name: string }>>> = {
  'device-not-connected': { status: 404, name: 'DeviceNotOnline' },
  'method-timed-out': { status: 504, name: 'GatewayTimeout' },
  'method-too-large': { status: 400, name: 'ArgumentInvalid' },
  'twin-too-large': { status: 413, name: 'TwinTooLarge' },
  'twin-malformed': { status: 400, name: 'ArgumentInvalid' },
}

/** Largest body of a request. */
export const MAX_SERVICE_BYTES = 128 * 1024 + 1024

/** An answer over HTTP. */
export interface ServiceAnswer {
  readonly status: number
  readonly body?: unknown
}

/** Calls a direct method of a connected device. */
export type InvokeMethod = (
  device: ReturnType<typeof deviceId.parse>,
  name: string,
  payload: unknown,
  timeoutMs: number,
) => Promise<MethodResult>

/** The paths under which a service reads and changes twins and calls methods, as an IoT Hub's REST interface has them. */
export class ServiceApi {
  readonly #twins: Twins
  readonly #invoke: InvokeMethod

  constructor(twins: Twins, invoke: InvokeMethod) {
    this.#twins = twins
    this.#invoke = invoke
  }

  /** True for a path that is a service's. */
  serves(path: string): boolean {
    return path.startsWith('/twins/')
  }

  /** Answers a request of a service that has proved who it is. */
  async answer(method: string | undefined, path: string, body: unknown): Promise<ServiceAnswer> {
    const match = /^\/twins\/([a-z0-9-]{3,48})(\/methods)?\/?$/.exec(path)
    const device = deviceId.safeParse(match?.[1])
    if (!device.success) return { status: 404, body: { Message: 'ErrorCode:DeviceNotFound;there is no such device' } }
    const isMethod = match?.[2] !== undefined
    try {
      if (isMethod && method === 'POST') {
        const call = methodCall.safeParse(body)
        if (!call.success) return { status: 400 }
        const { methodName, payload, responseTimeoutInSeconds } = call.data
        return {
          status: 200,
          body: await this.#invoke(device.data, methodName, payload, responseTimeoutInSeconds * 1000),
        }
      }
      if (!isMethod && method === 'PATCH') {
        const patch = twinPatch.safeParse(body)
        if (!patch.success) return { status: 400 }
        await this.#twins.patchDesired(device.data, patch.data.properties.desired)
      } else if (isMethod || method !== 'GET') return { status: 405 }
      return { status: 200, body: shown(device.data, await this.#twins.read(device.data)) }
    } catch (error) {
      const refusal = isCodedError(error) ? REFUSALS[error.code as EndpointCode] : undefined
      if (refusal === undefined) throw error
      return { status: refusal.status, body: { Message: `ErrorCode:${refusal.name};${String(error)}` } }
    }
  }
}

function shown(device: string, twin: Twin): unknown {
  return {
    deviceId: device,
    properties: {
      desired: { ...twin.desired, $version: twin.desiredVersion },
      reported: { ...twin.reported, $version: twin.reportedVersion },
    },
  }
}

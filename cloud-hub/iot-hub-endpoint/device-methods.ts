import { randomUUID } from 'node:crypto'
import type { DeviceId } from '@leadglass/sync-agent/contract'
import { EndpointError } from './errors.ts'

/** Largest request and response of a direct method, in bytes of JSON. */
export const MAX_METHOD_BYTES = 128 * 1024

/** What a device answered. */
export interface MethodResult {
  readonly status: number
  readonly payload: unknown
}

interface Waiting {
  readonly device: DeviceId
  readonly settle: (result: MethodResult | EndpointError) => void
}

/** Direct methods that were called and not answered yet. */
export class DeviceMethods {
  readonly #waiting = new Map<string, Waiting>()

  /**
   * Calls a method.
   * @param send publishes the request; false when the device is not there to take it.
   * @param timeoutMs until the answer, 5 to 300 s on the service this follows; shorter ones serve tests.
   * @throws {EndpointError} `device-not-connected`, `method-timed-out`, `method-too-large`.
   */
  async call(
    device: DeviceId,
    name: string,
    payload: unknown,
    timeoutMs: number,
    send: (topic: string, payload: string) => boolean,
  ): Promise<MethodResult> {
    const text = JSON.stringify(payload ?? null)
    if (Buffer.byteLength(text) > MAX_METHOD_BYTES || !/^[A-Za-z0-9_.-]{1,100}$/.test(name)) {
      throw new EndpointError('method-too-large', 'the method name or its payload is not what a device can take')
    }
    const request = randomUUID()
    const result = await new Promise<MethodResult | EndpointError>((resolve) => {
      const settle = (outcome: MethodResult | EndpointError): void => {
        clearTimeout(timer)
        this.#waiting.delete(request)
        resolve(outcome)
      }
      const timer = setTimeout(
        () => settle(new EndpointError('method-timed-out', `no answer within ${timeoutMs} ms`)),
        timeoutMs,
      )
      this.#waiting.set(request, { device, settle })
      if (!send(`$iothub/methods/POST/${name}/?$rid=${request}`, text)) {
        settle(new EndpointError('device-not-connected', `${device} is not connected, or takes no methods`))
      }
    })
    if (result instanceof EndpointError) throw result
    return result
  }

  /** An answer from a device; one that nobody waits for, or of another device, is dropped. */
  answer(device: DeviceId, request: string, status: number, payload: Uint8Array): void {
    const waiting = this.#waiting.get(request)
    if (waiting === undefined || waiting.device !== device || payload.byteLength > MAX_METHOD_BYTES) return
    try {
      const text = Buffer.from(payload).toString('utf8')
      waiting.settle({ status, payload: text === '' ? null : (JSON.parse(text) as unknown) })
    } catch {
      waiting.settle(new EndpointError('twin-malformed', 'the device answered with something that is not JSON'))
    }
  }

  /** Ends everything that waits. */
  stop(): void {
    for (const { settle } of this.#waiting.values()) {
      settle(new EndpointError('device-not-connected', 'the endpoint is stopping'))
    }
  }
}

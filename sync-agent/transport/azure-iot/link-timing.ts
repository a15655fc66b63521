/** Something of the SDK did not answer: many of its calls wait for ever. */
export class SdkTimeout extends Error {
  constructor() {
    super('the SDK did not answer in time: timeout')
  }
}

/** The result of a call of the SDK, or a failure after `ms`. A late failure of the call is swallowed. */
export function within<T>(ms: number, call: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new SdkTimeout()), ms)
    call.then(
      (value) => {
        clearTimeout(timer)
        resolve(value)
      },
      (error: unknown) => {
        clearTimeout(timer)
        reject(error instanceof Error ? error : new SdkTimeout())
      },
    )
  })
}

/** Something that runs: its constructor does nothing, `start` and `stop` are symmetrical, and `stop` may be called twice. */
export interface Service {
  start(): Promise<void>
  stop(): Promise<void>
}

/**
 * Starts services in order. When one fails, those already started are stopped in reverse and the failure is passed on.
 * @returns a function that stops all of them, last first.
 */
export async function startInOrder(services: readonly Service[]): Promise<() => Promise<void>> {
  const started: Service[] = []
  const stopAll = async (): Promise<void> => {
    for (let service = started.pop(); service !== undefined; service = started.pop()) await service.stop()
  }
  try {
    for (const service of services) {
      await service.start()
      started.push(service)
    }
  } catch (error) {
    await stopAll()
    throw error
  }
  return stopAll
}

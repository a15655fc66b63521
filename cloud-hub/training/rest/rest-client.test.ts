import { describe, expect, it } from 'vitest'
import { persistently } from './persistently.ts'
import { serviceUrl } from './rest-client.ts'
import { RestError } from './rest-error.ts'

describe('the address of a service', () => {
  it.each([
    'https://cluster.example:6443',
    'https://cluster.example/api',
    'http://127.0.0.1:5000',
    'http://localhost:1',
    'http://[::1]:2',
  ])('may be %s', (url) => expect(serviceUrl.safeParse(url).success).toBe(true))

  it.each([
    'http://cluster.example',
    'http://127.0.0.1.example',
    'https://name:password@cluster.example',
    'https://cluster.example/?token=1',
    'https://cluster.example/#x',
    'file:///etc/passwd',
    'cluster.example',
  ])('may not be %s', (url) => expect(serviceUrl.safeParse(url).success).toBe(false))
})

describe('an act that may be repeated', () => {
  const failing = (
    code: 'throttled' | 'refused',
    times: number,
  ): { act: () => Promise<number>; count: () => number } => {
    let calls = 0
    const act = async (): Promise<number> => {
      calls += 1
      if (calls <= times) throw new RestError(code, 'as told')
      return calls
    }
    return { act, count: () => calls }
  }

  it('is done again while its failure passes', async () => {
    expect(await persistently(failing('throttled', 2).act, 1)).toBe(3)
  })

  it('is given up after four attempts', async () => {
    const { act, count } = failing('throttled', 9)
    await expect(persistently(act, 1)).rejects.toMatchObject({ code: 'throttled' })
    expect(count()).toBe(4)
  })

  it('is done once when its failure does not pass', async () => {
    const { act, count } = failing('refused', 9)
    await expect(persistently(act, 1)).rejects.toMatchObject({ code: 'refused' })
    expect(count()).toBe(1)
  })
})

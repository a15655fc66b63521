import { describe, expect, it } from 'vitest'
import { pointsOf, spread } from './call-points.ts'
import { parseTrace } from './trace-log.ts'

describe('the points of a receive path', () => {
  it('are the calls on its files, numbered as strace counts them: by thread and by kind, others included', () => {
    const calls = parseTrace(
      [
        '7 1.0 write(3<socket:[1]>, ""..., 9) = 9',
        '7 1.1 write(4</d/a>, ""..., 9) = 9',
        '8 1.2 write(4</d/a>, ""..., 9) = 9',
        '7 1.3 fsync(4</d/a>) = 0',
        '7 1.4 write(5</other/a>, ""..., 9) = 9',
        '9 1.5 write(4</d/a>, ""..., 9) = 9',
      ].join('\n'),
    )
    const names = new Map([
      [7, 'main/0'],
      [8, 'worker/0'],
    ])
    expect(pointsOf(calls, '/d', names)).toEqual([
      { thread: 'main/0', call: 'write', number: 2 },
      { thread: 'worker/0', call: 'write', number: 1 },
      { thread: 'main/0', call: 'fsync', number: 1 },
    ])
  })

  it('are spread evenly when only some are tried', () => {
    expect(spread([1, 2, 3, 4, 5, 6, 7, 8, 9], 3)).toEqual([1, 5, 9])
    expect(spread([1, 2], 3)).toEqual([1, 2])
    expect(spread([1, 2], 0)).toEqual([])
  })
})

import { describe, expect, it } from 'vitest'
import { encodeCpio } from './cpio.ts'

describe('an archive for the kernel', () => {
  it('has a header of 110 bytes an entry, names and contents on multiples of four, and a trailer', () => {
    const archive = encodeCpio(['bin'], new Map([['init', Buffer.from('hello')]]))
    const text = archive.toString('latin1')
    expect(archive.length % 4).toBe(0)
    expect(text.split('070701')).toHaveLength(4)
    const init = text.slice(text.indexOf('070701', 1))
    // c_mode, c_filesize and c_namesize: the second, seventh and twelfth field of eight digits.
    expect(init.slice(14, 22)).toBe('000081ed')
    expect(init.slice(54, 62)).toBe('00000005')
    expect(init.slice(94, 102)).toBe('00000005')
    expect(init.slice(110, 116)).toBe('init\0\0')
    expect(init.slice(116, 124)).toBe('hello\0\0\0')
    expect(text).toContain('TRAILER!!!\0')
  })
})

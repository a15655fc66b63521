import { crc32, deflateRawSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { zipEntry } from './zip-entry.ts'

/** An archive of files, stored or deflated, as APPNOTE 6.3 lays it out. */
function archiveOf(files: readonly { name: string; content: string; deflate: boolean }[]): Buffer {
  const local: Buffer[] = []
  const central: Buffer[] = []
  let at = 0
  for (const { name, content, deflate } of files) {
    const bytes = deflate ? deflateRawSync(content) : Buffer.from(content)
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt16LE(deflate ? 8 : 0, 4)
    common.writeUInt32LE(crc32(content), 10)
    common.writeUInt32LE(bytes.length, 14)
    common.writeUInt32LE(content.length, 18)
    common.writeUInt16LE(name.length, 22)
    const whole = Buffer.concat([Buffer.from('PK\u0003\u0004', 'latin1'), common, Buffer.from(name), bytes])
    const tail = Buffer.alloc(14)
    tail.writeUInt32LE(at, 10)
    central.push(Buffer.concat([Buffer.from('PK\u0001\u0002\u0014\u0000', 'latin1'), common, tail, Buffer.from(name)]))
    local.push(whole)
    at += whole.length
  }
  const directory = Buffer.concat(central)
  const end = Buffer.alloc(22)
  end.write('PK\u0005\u0006', 0, 'latin1')
  end.writeUInt16LE(files.length, 8)
  end.writeUInt16LE(files.length, 10)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(at, 16)
  return Buffer.concat([...local, directory, end])
}

describe('a file of a ZIP archive', () => {
  const archive = archiveOf([
    { name: 'a/stored.txt', content: 'as it is', deflate: false },
    { name: 'deflated.csv', content: '1,2,3\n'.repeat(500), deflate: true },
  ])

  it('is read, stored or deflated', () => {
    expect(zipEntry(archive, 'a/stored.txt').toString()).toBe('as it is')
    expect(zipEntry(archive, 'deflated.csv').toString()).toBe('1,2,3\n'.repeat(500))
  })

  it('is refused when it is not there, or the archive is none', () => {
    expect(() => zipEntry(archive, 'other')).toThrow(/has no other/)
    expect(() => zipEntry(Buffer.from('no archive'), 'a')).toThrow(RangeError)
    expect(() => zipEntry(Buffer.alloc(100), 'a')).toThrow(/not a ZIP/)
  })
})

const DIRECTORY_MODE = 0o040755
const PROGRAM_MODE = 0o100755

/**
 * An archive in the "newc" format, which the kernel unpacks as its first file system (Documentation/driver-api/
 * early-userspace/buffer-format of the kernel).
 * @param folders in the order in which they are made.
 * @param files by path without a leading slash; all of them executable.
 */
export function encodeCpio(folders: readonly string[], files: ReadonlyMap<string, Uint8Array>): Buffer {
  const entries = [
    ...folders.map((name, at) => entry(name, DIRECTORY_MODE, at + 1, Buffer.alloc(0))),
    ...[...files].map(([name, content], at) => entry(name, PROGRAM_MODE, folders.length + at + 1, content)),
    entry('TRAILER!!!', 0, 0, Buffer.alloc(0)),
  ]
  return Buffer.concat(entries)
}

function entry(name: string, mode: number, inode: number, content: Uint8Array): Buffer {
  const links = 1
  const fields = [inode, mode, 0, 0, links, 0, content.length, 0, 0, 0, 0, Buffer.byteLength(name) + 1, 0]
  const head = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}${name}\0`)
  return Buffer.concat([padded(head), padded(content)])
}

/** Header with name, and content, each end on a multiple of four. */
function padded(bytes: Uint8Array): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)])
}

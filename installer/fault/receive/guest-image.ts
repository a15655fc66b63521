import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, copyFile, cp, mkdir, readFile, realpath, rm, truncate, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { ApplianceUnderTest, configurationOf, prepareSite } from './appliance-under-test.ts'
import { encodeCpio } from './cpio.ts'
import { GUEST_INIT, GUEST_PORT, INITRAMFS_INIT, SHIM_PATH } from './guest-scripts.ts'
import { Ledger } from './ledger.ts'
import { ObjectSource } from './objects.ts'
import { RecordingSender } from './sender.ts'

const REPOSITORY = resolve(import.meta.dirname, '..', '..', '..')
const KLIBC = '/usr/lib/klibc/bin'
const KLIBC_TOOLS = ['sh', 'insmod', 'mount', 'umount', 'ipconfig', 'chroot', 'poweroff'] as const
const LOADER = '/lib64/ld-linux-x86-64.so.2'
const SHIM = '/usr/lib/x86_64-linux-gnu/libeatmydata.so'
const MODULES = [
  'drivers/virtio/virtio_ring',
  'drivers/virtio/virtio',
  'drivers/virtio/virtio_pci_modern_dev',
  'drivers/virtio/virtio_pci_legacy_dev',
  'drivers/virtio/virtio_pci',
  'drivers/block/virtio_blk',
  'net/core/failover',
  'drivers/net/net_failover',
  'drivers/net/virtio_net',
] as const
const PROGRAM_DISK_BYTES = 512 * 1_048_576
const DATA_DISK_BYTES = 768 * 1_048_576

/** What a guest is made of on this machine. */
export interface GuestTools {
  readonly qemu: string
  readonly strace: string
  readonly makeExt4: string
  readonly readExt4: string
  /** Of Debian's kernel for clouds; its modules lie below /lib/modules. */
  readonly kernelVersion: string
}

/** The parts of a guest that every round shares. */
export interface GuestImage {
  readonly kernel: string
  readonly initramfs: string
  /** Read-only: the program and what it needs. */
  readonly programDisk: string
}

/** Makes initramfs and program disk below a folder. Needs no root. */
export async function buildGuestImage(folder: string, tools: GuestTools): Promise<GuestImage> {
  const initramfs = join(folder, 'initramfs.cpio')
  await writeFile(initramfs, await initramfsOf(tools.kernelVersion))
  const root = join(folder, 'root')
  for (const name of ['proc', 'sys', 'dev', 'scratch', 'data', 'bin', 'lib', 'etc'])
    await mkdir(join(root, name), { recursive: true })
  for (const file of await filesOfTheProgram(folder, tools.strace)) await copyInto(root, file)
  await cp(join(REPOSITORY, 'node_modules/@leadglass'), join(root, REPOSITORY, 'node_modules/@leadglass'), {
    recursive: true,
    verbatimSymlinks: true,
  })
  await copyInto(root, LOADER)
  await copyFile(SHIM, join(root, SHIM_PATH))
  for (const tool of KLIBC_TOOLS) await copyFile(join(KLIBC, tool), join(root, 'bin', tool))
  const library = await klibcLibrary()
  await copyFile(library, join(root, library))
  await writeFile(join(root, 'etc', 'guest-init'), guestInit())
  const programDisk = join(folder, 'program.ext4')
  await makeDisk(tools.makeExt4, root, programDisk, PROGRAM_DISK_BYTES)
  await rm(root, { recursive: true })
  return { kernel: `/boot/vmlinuz-${tools.kernelVersion}`, initramfs, programDisk }
}

/** Makes a data disk with an appliance that has never run: ext4, ordered, with its journal. */
export async function buildDataDisk(folder: string, tools: GuestTools, withoutSync: boolean): Promise<string> {
  const root = join(folder, 'data')
  const callers = [{ aeTitle: 'FAULT', addresses: ['10.0.2.0/24'] }]
  const site = await prepareSite(root, { callers })
  await mkdir(site.exchangeFolder, { recursive: true })
  const at = { host: '0.0.0.0', dimsePort: GUEST_PORT, httpPort: GUEST_PORT + 1 }
  await writeFile(site.configurationFile, JSON.stringify(configurationOf('/data/appliance', '/data/exchange', at)))
  if (withoutSync) await writeFile(join(root, 'without-sync'), '')
  const disk = join(folder, 'data.ext4')
  await makeDisk(tools.makeExt4, root, disk, DATA_DISK_BYTES)
  await rm(root, { recursive: true })
  return disk
}

/** Copies the appliance's folder out of a data disk that no guest uses. @returns the folder. */
export async function readDataDisk(disk: string, folder: string, tools: GuestTools): Promise<string> {
  const target = join(folder, 'read-back')
  await rm(target, { recursive: true, force: true })
  await mkdir(target, { recursive: true })
  execFileSync(tools.readExt4, ['-R', `rdump /appliance ${target}`, disk], { stdio: 'ignore' })
  return join(target, 'appliance')
}

async function makeDisk(program: string, root: string, disk: string, bytes: number): Promise<void> {
  await writeFile(disk, '')
  await truncate(disk, bytes)
  execFileSync(program, ['-q', '-d', root, disk], { stdio: 'ignore' })
}

async function initramfsOf(kernelVersion: string): Promise<Buffer> {
  const modules = join('/lib/modules', kernelVersion, 'kernel')
  const library = await klibcLibrary()
  const files = new Map<string, Buffer>([
    ['init', Buffer.from(INITRAMFS_INIT(MODULES.map((path) => path.slice(path.lastIndexOf('/') + 1))))],
    [library.slice(1), await readFile(library)],
  ])
  for (const tool of KLIBC_TOOLS) files.set(`bin/${tool}`, await readFile(join(KLIBC, tool)))
  for (const path of MODULES) {
    files.set(`modules/${path.slice(path.lastIndexOf('/') + 1)}.ko`, await readFile(join(modules, `${path}.ko`)))
  }
  return encodeCpio(['bin', 'lib', 'usr', 'usr/lib', 'modules', 'dev', 'root'], files)
}

/** The one library of klibc's programs, which they name as their interpreter. */
async function klibcLibrary(): Promise<string> {
  const program = await readFile(join(KLIBC, 'sh'), 'latin1')
  return /\/lib\/klibc-[\w-]+\.so/.exec(program)?.[0] ?? '/lib/klibc.so'
}

function guestInit(): string {
  const main = join(REPOSITORY, 'appliance', 'main.ts')
  return GUEST_INIT(`${process.execPath} ${main} --config /data/config.json`)
}

/** Every file that the appliance opens from its start until it has taken an object: programs, libraries, sources. */
async function filesOfTheProgram(folder: string, strace: string): Promise<Set<string>> {
  const log = join(folder, 'files.strace')
  const site = await prepareSite(join(folder, 'traced'))
  // -D: strace is a grandchild, so that the appliance is the child that is ended.
  const appliance = new ApplianceUnderTest(site, {}, [strace, '-D', '-f', '-o', log, '-e', 'trace=openat,execve'])
  try {
    await appliance.start()
    await new RecordingSender(new Ledger()).send(appliance.port, new ObjectSource(0, '7400').mixed(4))
  } finally {
    await appliance.stop()
  }
  const paths = [...(await readFile(log, 'latin1')).matchAll(/"(\/[^"]+)"[^=]*= \d+$/gm)].map((match) => match[1] ?? '')
  return new Set(paths.filter((path) => !/^\/(?:proc|sys|dev|run)\//.test(path) && !path.startsWith(folder)))
}

async function copyInto(root: string, path: string): Promise<void> {
  const real = await realpath(path).catch(() => undefined)
  if (real === undefined) return
  // Sources of the workspaces are reached through links, which the disk has as links.
  const target = join(root, path.includes('/node_modules/@leadglass/') ? real : path)
  if (existsSync(target)) return
  await mkdir(dirname(target), { recursive: true })
  const copied = spawnSync('cp', ['-L', '--', real, target], { stdio: 'ignore' })
  if (copied.status === 0) await chmod(target, 0o755).catch(() => undefined)
}

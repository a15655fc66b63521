import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { networkInterfaces, tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { consolePairing } from '@leadglass/appliance/commands'
import { pairingText } from '@leadglass/ui/contract/console-pairing'
import type { Command } from 'commander'
import { type ConsolePackage, packageConsole, vettedArchive } from '../../console/index.ts'
import { InstallerError } from '../../errors.ts'
import { layoutOf } from '../../start/layout.ts'
import { buildPagesIfChanged } from '../../start/pages.ts'
import { callerPath, print, withData, withJson } from '../options.ts'
import { createProgress, type Progress } from '../progress.ts'

/** `leadglass console`: what a console on another machine needs. */
export function registerConsole(program: Command): void {
  const group = program.command('console').description('consoles on other machines')
  const command = group
    .command('pair')
    .description('the text that a console is given once: where this appliance is, and the key that it must show')
  withJson(withData(command)).action(pair)
  const packaging = group
    .command('package')
    .description(
      'make the console as a program for a desk, from an archive of Electron that is checked by its own list',
    )
    .requiredOption(
      '--electron-zip <file>',
      "Electron's own archive, such as electron-v45.4.1-linux-x64.zip",
      callerPath,
    )
    .option('--out <folder>', 'where the package goes', callerPath, callerPath('installer/dist'))
  withJson(packaging).action(makePackage)
}

async function makePackage({
  electronZip,
  out,
  json,
}: {
  readonly electronZip: string
  readonly out: string
  readonly json: boolean
}): Promise<void> {
  const progress = createProgress()
  const own = await mkdtemp(join(tmpdir(), 'leadglass-archive-'))
  try {
    // A copy that nobody else writes: what is judged is what is packed.
    const copy = join(own, basename(electronZip))
    await copyFile(electronZip, copy).catch((cause: unknown) => {
      throw new InstallerError('file-not-found', {
        message: `${electronZip} cannot be read`,
        effect: 'no package was made',
        nextStep: 'name the archive with --electron-zip',
        cause,
      })
    })
    const made = await packRelease(copy, out, progress)
    print(json, made, () => presentPackage(made))
  } finally {
    await rm(own, { recursive: true, force: true })
  }
}

async function packRelease(archive: string, out: string, progress: Progress): Promise<ConsolePackage> {
  const { folder: archiveFolder, ...vetted } = await vettedArchive(archive)
  progress.step('building the pages')
  await buildPagesIfChanged(() => undefined)
  progress.step('packing')
  return packageConsole({ archiveFolder, ...vetted, release: 'release', out })
}

function presentPackage({ folder, fuses }: ConsolePackage): string {
  return [`made ${folder}`, ...fuses.map(({ fuse, enabled }) => `  ${fuse}: ${enabled ? 'on' : 'off'}`)].join('\n')
}

async function pair({ data, json }: { readonly data: string; readonly json: boolean }): Promise<void> {
  const layout = layoutOf(data)
  const pairing = await consolePairing(layout.appliance.configFile).catch((cause: unknown) => {
    throw new InstallerError('no-instance', {
      message: `the configuration of the appliance in ${data} cannot be read`,
      effect: 'no console can be paired',
      nextStep: 'name the instance with --data, and run the command as the user who started it',
      cause,
    })
  })
  if (pairing === undefined) {
    throw new InstallerError('no-instance', {
      message: 'the appliance has no door for consoles yet',
      effect: 'no console can be paired',
      nextStep:
        'start the instance once with "leadglass up"; a service of its own needs "consolePort" in its config.json',
    })
  }
  const { host, port, pin } = pairing
  const texts = addressesOf(host).map((address) => pairingText({ host: address, port, pin }))
  print(json, { ...pairing, texts }, () =>
    [
      'Give the console one of these, by a way that nobody can change: it then talks to this machine alone.',
      ...texts.map((text) => `  ${text}`),
      ...(host === '127.0.0.1'
        ? ['This instance listens on this machine only; start it with --host for consoles on others.']
        : []),
    ].join('\n'),
  )
}

/** Addresses under which others reach a listener. */
function addressesOf(host: string): readonly string[] {
  if (host !== '0.0.0.0' && host !== '::') return [host]
  return Object.values(networkInterfaces()).flatMap((addresses = []) =>
    addresses.filter(({ family, internal }) => family === 'IPv4' && !internal).map(({ address }) => address),
  )
}

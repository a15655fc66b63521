import type { LocalVault } from '@leadglass/appliance/commands'
import type { Command } from 'commander'
import { callerPath } from './options.ts'
import { readPassphrase } from './passphrase.ts'

/** Who acts, and who confirms. */
export interface TwoPeopleOptions {
  readonly first: string
  readonly second: string
  readonly firstPassphraseFile?: string
  readonly secondPassphraseFile?: string
}

/** Adds the options with which two people act together. */
export function registerTwoPeople(command: Command, required: boolean): void {
  const option = (flags: string, words: string): Command =>
    required ? command.requiredOption(flags, words) : command.option(flags, words)
  option('--first <account>', 'who asks')
  option('--second <account>', 'who confirms, within five minutes')
  command
    .option('--first-passphrase-file <file>', 'instead of the terminal: its first line', callerPath)
    .option('--second-passphrase-file <file>', 'instead of the terminal: its first line', callerPath)
}

/** Asks the first person now, and the second when the first has shown who he is. */
export async function twoPeople(
  vault: Pick<LocalVault, 'personOf'>,
  options: TwoPeopleOptions,
): Promise<Parameters<LocalVault['ceremony']['confirm']>[0]> {
  const [first, second] = [vault.personOf(options.first), vault.personOf(options.second)]
  const passphrase = await readPassphrase(`Passphrase of ${options.first}: `, options.firstPassphraseFile)
  return {
    first: { person: first, passphrase },
    second: {
      person: second,
      passphrase: () => readPassphrase(`Passphrase of ${options.second}: `, options.secondPassphraseFile),
    },
  }
}

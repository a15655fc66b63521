import { createInterface } from 'node:readline/promises'
import { type SignatureMeaning, signatureMeaning } from '@leadglass/sync-agent/contract'
import { InstallerError } from '../errors.ts'

/**
 * What the person means by a signature (21 CFR 11.50(a)(3)): as the option says it, or as asked on the terminal. There is
 * no default, because nobody shall have approved by leaving something out.
 * @throws InstallerError `input-invalid` without option and terminal, or for another word.
 */
export async function askMeaning(given: SignatureMeaning | undefined): Promise<SignatureMeaning> {
  if (given !== undefined) return given
  const words = signatureMeaning.options.join(', ')
  if (!process.stdin.isTTY) throw missing(`no meaning is given: ${words}`)
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const parsed = signatureMeaning.safeParse(
      (await terminal.question(`Meaning of your signature (${words}): `)).trim(),
    )
    if (parsed.success) return parsed.data
  } finally {
    terminal.close()
  }
  throw missing(`the meaning must be one of: ${words}`)
}

function missing(message: string): InstallerError {
  return new InstallerError('input-invalid', {
    message,
    effect: 'nothing was signed',
    nextStep: 'say with --meaning what the signature means',
  })
}

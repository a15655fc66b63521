import { readFile } from 'node:fs/promises'
import { writeFileAtomically } from '@leadglass/sync-agent/foundation'
import { z } from 'zod'
import { InstallerError } from '../errors.ts'
import type { InstanceLayout } from './layout.ts'

const account = z.strictObject({ account: z.string(), role: z.string(), password: z.string() })

/** What a person needs after the first start of an evaluation instance. To be noted elsewhere and deleted. */
export const signInFile = z.strictObject({
  schema: z.literal('leadglass.first-sign-in/1'),
  console: z.array(account),
  hub: z.array(account),
  approvers: z.array(
    z.strictObject({ person: z.string(), role: z.string(), keyFile: z.string(), passphrase: z.string() }),
  ),
})
export type SignInFile = z.infer<typeof signInFile>

/** Writes the file, readable by the owner alone. */
export async function writeSignInFile(layout: InstanceLayout, content: SignInFile): Promise<void> {
  await writeFileAtomically(layout.signInFile, `${JSON.stringify(content, null, 2)}\n`)
}

/** Reads the file. @throws InstallerError `file-not-found` when it was deleted, as it should be in a hospital. */
export async function readSignInFile(layout: InstanceLayout): Promise<SignInFile> {
  const text = await readFile(layout.signInFile, 'utf8').catch((cause: unknown) => {
    throw new InstallerError('file-not-found', {
      message: `${layout.signInFile} is not there any more`,
      effect: 'the passphrases of the evaluation approvers are not known here',
      nextStep: 'sign with "leadglass model sign", which asks for the passphrase',
      cause,
    })
  })
  return signInFile.parse(JSON.parse(text))
}

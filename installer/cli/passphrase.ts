import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { InstallerError } from '../errors.ts'

/**
 * A passphrase from a file (its first line), or asked for on the terminal without echo. Never an argument or an
 * environment variable: those are visible to others.
 * @throws InstallerError `input-invalid` when there is neither.
 */
export async function readPassphrase(prompt: string, file: string | undefined): Promise<string> {
  if (file !== undefined) return (await readFile(file, 'utf8')).split('\n')[0] ?? ''
  if (!process.stdin.isTTY) {
    throw new InstallerError('input-invalid', {
      message: 'there is no terminal to ask for the passphrase',
      effect: 'nothing was signed',
      nextStep: 'run the command in a terminal, or give --passphrase-file',
    })
  }
  return askWithoutEcho(prompt)
}

function askWithoutEcho(prompt: string): Promise<string> {
  process.stderr.write(prompt)
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const terminal = createInterface({ input: process.stdin, output: silent, terminal: true })
  return new Promise((resolve) => {
    terminal.question('', (answer) => {
      terminal.close()
      process.stderr.write('\n')
      resolve(answer)
    })
  })
}

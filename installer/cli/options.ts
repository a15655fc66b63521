import { resolve } from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'
import { DEFAULT_DATA_FOLDER } from '../start/layout.ts'

/** The folder from which the person called the command; npm changes the working folder on the way. */
export function callerPath(path: string): string {
  return resolve(process.env.LEADGLASS_CALLER_FOLDER ?? process.cwd(), path)
}

/** Adds `--data`, which every command that concerns an instance has. */
export function withData(command: Command): Command {
  return command.option('--data <folder>', 'data folder of the instance', callerPath, callerPath(DEFAULT_DATA_FOLDER))
}

/** Adds `--json`, for commands that print facts. */
export function withJson(command: Command): Command {
  return command.option('--json', 'print JSON on standard output', false)
}

/** Parses a whole number within bounds. */
export function wholeNumber(lowest: number, highest: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (!Number.isInteger(value) || value < lowest || value > highest) {
      throw new InvalidArgumentError(`It must be a whole number from ${lowest} to ${highest}.`)
    }
    return value
  }
}

/** Prints a value as one line of JSON, or text for people. */
export function print(asJson: boolean, value: unknown, text: () => string): void {
  process.stdout.write(asJson ? `${JSON.stringify(value)}\n` : `${text()}\n`)
}

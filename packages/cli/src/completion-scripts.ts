/**
 * Completion for shells, as scripts that know all commands and options: pressing TAB starts no process.
 *
 * Behind `record` stands another command with its own completion, so there the shell is asked to complete what
 * follows as if it stood alone.
 */

export interface CompletedCommand {
  name: string;
  summary: string;
  options: readonly CompletedOption[];
  /** Whether files may follow. */
  takesFiles: boolean;
}

export interface CompletedOption {
  /** Without its dashes. */
  name: string;
  describe: string;
  takesValue: boolean;
  choices: readonly string[];
}

/** `record` reads its options itself; these are the ones it takes. */
export function bashScript(commands: readonly CompletedCommand[]): string {
  const cases = commands.map(
    ({ name, options }) => `    ${name}) words="${options.map((option) => `--${option.name}`).join(" ")}" ;;`,
  );
  const choices = choiceCases(
    commands,
    (names, values) => `    ${names}) COMPREPLY=($(compgen -W "${values}" -- "$current")); return ;;`,
  );
  return `# spoor completion for bash: spoor completion bash >> ~/.bashrc
_spoor() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" words="" command="" at
  COMPREPLY=()
  for ((at = 1; at < COMP_CWORD; at++)); do
    case "\${COMP_WORDS[at]}" in
      --dir) ((at++)) ;;
      -*) ;;
      *) command="\${COMP_WORDS[at]}"; break ;;
    esac
  done
  if [[ "$command" == record ]]; then
    for ((at++; at < COMP_CWORD; at++)); do
      case "\${COMP_WORDS[at]}" in
        --) ((at++)); break ;;
        ${valueOptions(commands, "record", "|")}) ((at++)) ;;
        -*) ;;
        *) break ;;
      esac
    done
    if [[ "$current" != -* || $at -lt $COMP_CWORD ]] && declare -F _command_offset >/dev/null; then
      _command_offset $at
      return
    fi
  fi
  case "$previous" in
${choices.join("\n")}
    --dir|--result-file) COMPREPLY=($(compgen -f -- "$current")); return ;;
  esac
  case "$command" in
    "") words="${commands.map(({ name }) => name).join(" ")} --help --version --dir" ;;
${cases.join("\n")}
  esac
  if [[ -z "$command" || "$current" == -* ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$current"))
  else
    COMPREPLY=($(compgen -f -- "$current"))
  fi
}
complete -o filenames -F _spoor spoor
`;
}

export function zshScript(commands: readonly CompletedCommand[]): string {
  const named = commands.map(({ name, summary }) => `    '${zshText(name)}:${zshText(summary)}'`);
  const cases = commands.map(({ name, options, takesFiles }) => {
    const specs = options.map((option) => zshOption(option));
    const rest = name === "record" ? ["'*::command:_normal'"] : takesFiles ? ["'*:file:_files'"] : [];
    // For \`record\` options end at the first word: what follows is another command's.
    const flags = name === "record" ? "-S -A '-*' " : "";
    return `    ${name}) _arguments ${flags}${[...specs, ...rest].join(" \\\n      ")} ;;`;
  });
  return `#compdef spoor
# spoor completion for zsh: spoor completion zsh > "\${fpath[1]}/_spoor"
_spoor() {
  local -a commands
  commands=(
${named.join("\n")}
  )
  local context state line
  _arguments -C '--help[Show help]' '--version[Show the version]' '--dir[The store]:folder:_files -/' '1: :->command' '*:: :->rest'
  case $state in
    command) _describe command commands ;;
    rest)
      case $line[1] in
${cases.map((line) => `    ${line}`).join("\n")}
      esac ;;
  esac
}
if [[ "$funcstack[1]" == _spoor ]]; then _spoor "$@"; else compdef _spoor spoor; fi
`;
}

export function fishScript(commands: readonly CompletedCommand[]): string {
  const lines = commands.flatMap(({ name, summary, options, takesFiles }) => [
    `complete -c spoor -n __fish_use_subcommand -f -a ${name} -d ${fishText(summary)}`,
    ...(name === "record"
      ? [`complete -c spoor -n "__fish_seen_subcommand_from record" -x -a "(__spoor_recorded)"`]
      : takesFiles
        ? []
        : [`complete -c spoor -n "__fish_seen_subcommand_from ${name}" -f`]),
    ...options.map((option) => {
      const value = option.takesValue
        ? ` -r${option.choices.length === 0 ? "" : ` -f -a ${fishText(option.choices.join(" "))}`}`
        : "";
      return `complete -c spoor -n "__fish_seen_subcommand_from ${name}" -l ${option.name}${value} -d ${fishText(option.describe)}`;
    }),
  ]);
  return `# spoor completion for fish: spoor completion fish > ~/.config/fish/completions/spoor.fish
function __spoor_recorded
  set -l words (commandline -opc) (commandline -ct)
  set -l at (contains -i -- record $words)
  set -l rest $words[(math $at + 1)..-1]
  while test (count $rest) -gt 1
    switch $rest[1]
      case --
        set -e rest[1]
        break
      case ${valueOptions(commands, "record", " ")}
        set -e rest[1..2]
      case '-*'
        set -e rest[1]
      case '*'
        break
    end
  end
  complete -C "$rest"
end
${lines.join("\n")}
`;
}

function choiceCases(
  commands: readonly CompletedCommand[],
  caseOf: (names: string, values: string) => string,
): string[] {
  const byName = new Map<string, Set<string>>();
  for (const option of commands.flatMap(({ options }) => options))
    if (option.choices.length > 0) {
      const all = byName.get(option.name) ?? new Set<string>();
      option.choices.forEach((choice) => all.add(choice));
      byName.set(option.name, all);
    }
  return [...byName].map(([name, values]) => caseOf(`--${name}`, [...values].join(" ")));
}

function valueOptions(commands: readonly CompletedCommand[], command: string, between: string): string {
  const own = commands.find(({ name }) => name === command)?.options ?? [];
  return own
    .filter(({ takesValue }) => takesValue)
    .map(({ name }) => `--${name}`)
    .join(between);
}

function zshOption({ name, describe, takesValue, choices }: CompletedOption): string {
  const value = !takesValue ? "" : choices.length > 0 ? `:value:(${choices.join(" ")})` : ":value:_files";
  return `'--${name}[${zshText(describe)}]${value}'`;
}

/** Within single quotes, where \`:\`, \`[\` and \`]\` mean something to _arguments and _describe. */
function zshText(text: string): string {
  return text.replaceAll("'", "'\\''").replaceAll(/[:[\]]/g, (special) => `\\${special}`);
}

function fishText(text: string): string {
  return `'${text.replaceAll(/[\\']/g, (special) => `\\${special}`)}'`;
}

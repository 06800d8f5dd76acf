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
  /** What may follow that is no option. */
  argument: Completed;
}

export interface CompletedOption {
  /** Without its dashes. */
  name: string;
  describe: string;
  /** Absent where the option takes none. */
  value?: Completed;
}

/** A list is a choice; of `text` the shell knows nothing. */
type Completed = "text" | "file" | "folder" | "command" | readonly string[];

export function bashScript(commands: readonly CompletedCommand[]): string {
  const values = commands.flatMap(({ name, options }) =>
    options.flatMap((option) =>
      option.value === undefined
        ? []
        : [`    "${name} --${option.name}") ${bashReply(option.value)} return ;;`],
    ),
  );
  const rest = commands.map(
    ({ name, options, argument }) =>
      `    ${name}) words="${options.map((option) => `--${option.name}`).join(" ")}"; [[ "$current" == -* ]] || { ${bashReply(argument)} return; } ;;`,
  );
  return `# spoor completion for bash: spoor completion bash >> ~/.bashrc
_spoor() {
  local current="\${COMP_WORDS[COMP_CWORD]}" command="" words="" at
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
        ${namesOfValueOptions(commands, "record", "|")}) ((at++)) ;;
        -*) ;;
        *) break ;;
      esac
    done
    if [[ $at -lt $COMP_CWORD ]] || [[ $at -eq $COMP_CWORD && "$current" != -* ]]; then
      if declare -F _command_offset >/dev/null; then _command_offset $at
      elif [[ $at -eq $COMP_CWORD ]]; then ${bashReply("command")}
      else ${bashReply("file")}
      fi
      return
    fi
  fi
  case "$command \${COMP_WORDS[COMP_CWORD-1]}" in
${values.join("\n")}
    *" --dir") ${bashReply("folder")} return ;;
  esac
  case "$command" in
    "") words="${commands.map(({ name }) => name).join(" ")} --help --version --dir" ;;
${rest.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o filenames -F _spoor spoor
`;
}

function bashReply(completed: Completed): string {
  const generated = {
    text: "",
    file: '$(compgen -f -- "$current")',
    folder: '$(compgen -d -- "$current")',
    command: '$(compgen -c -- "$current")',
  };
  const words =
    typeof completed === "string"
      ? generated[completed]
      : `$(compgen -W "${completed.join(" ")}" -- "$current")`;
  return `COMPREPLY=(${words});`;
}

export function zshScript(commands: readonly CompletedCommand[]): string {
  const named = commands.map(({ name, summary }) => `    ${quote(`${name}:${summary}`)}`);
  const cases = commands.map(({ name, options, argument }) => {
    const specs = [...options.map(zshOption), ...zshArguments(argument)];
    // For \`record\` options end at the first word: what follows is another command's.
    return `        ${name}) _arguments ${argument === "command" ? "-S -A '-*' " : ""}${specs.join(" \\\n          ")} ;;`;
  });
  return `#compdef spoor
# spoor completion for zsh: spoor completion zsh > "\${fpath[1]}/_spoor"
_spoor() {
  local -a commands
  commands=(
${named.join("\n")}
  )
  local context state line
  _arguments -C '--help[Show help]' '--version[Show the version]' '--dir[The store]:folder:_files -/' \\
    '1: :->command' '*:: :->rest'
  case $state in
    command) _describe command commands ;;
    rest)
      case $line[1] in
${cases.join("\n")}
      esac ;;
  esac
}
if [[ "$funcstack[1]" == _spoor ]]; then _spoor "$@"; else compdef _spoor spoor; fi
`;
}

function zshOption({ name, describe, value }: CompletedOption): string {
  const text = `--${name}[${describe.replaceAll(/[:[\]\\]/g, (special) => `\\${special}`)}]`;
  return quote(value === undefined ? text : `${text}:value:${zshAction(value)}`);
}

function zshArguments(argument: Completed): string[] {
  if (argument === "command") return ["'(-)1:command: _command_names -e'", "'*::arguments: _normal'"];
  return argument === "text" ? [] : [quote(`*:argument:${zshAction(argument)}`)];
}

function zshAction(completed: Completed): string {
  if (typeof completed !== "string") return `(${completed.join(" ")})`;
  return { text: "", file: "_files", folder: "_files -/", command: "_command_names -e" }[completed];
}

/** Single quotes, as bash and zsh read them. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

export function fishScript(commands: readonly CompletedCommand[]): string {
  const lines = commands.flatMap(({ name, summary, options, argument }) => {
    const within = `complete -c spoor -n "__fish_seen_subcommand_from ${name}"`;
    return [
      `complete -c spoor -n __fish_use_subcommand -f -a ${name} -d ${fishQuote(summary)}`,
      ...fishArgument(argument).map((words) => `${within} ${words}`),
      ...options.map(
        (option) => `${within} -l ${option.name}${fishValue(option.value)} -d ${fishQuote(option.describe)}`,
      ),
    ];
  });
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
      case ${namesOfValueOptions(commands, "record", " ")}
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

function fishArgument(argument: Completed): string[] {
  if (argument === "command") return ['-x -a "(__spoor_recorded)"'];
  if (argument === "text") return ["-f"];
  return typeof argument === "string" ? [] : [`-f -a ${fishQuote(argument.join(" "))}`];
}

function fishValue(value: Completed | undefined): string {
  if (value === undefined) return "";
  if (value === "text") return " -x";
  if (value === "folder") return ' -x -a "(__fish_complete_directories)"';
  return typeof value === "string" ? " -r -F" : ` -x -a ${fishQuote(value.join(" "))}`;
}

function fishQuote(text: string): string {
  return `'${text.replaceAll(/[\\']/g, (special) => `\\${special}`)}'`;
}

function namesOfValueOptions(
  commands: readonly CompletedCommand[],
  command: string,
  between: string,
): string {
  const own = commands.find(({ name }) => name === command)?.options ?? [];
  return own.flatMap(({ name, value }) => (value === undefined ? [] : [`--${name}`])).join(between);
}

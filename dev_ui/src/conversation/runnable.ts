/** Whether a block of an answer is code of the session's language. */

const ALIASES: Record<string, readonly string[]> = {
  python: ["py", "python3", "ipython", "ipython3"],
  r: ["rlang"],
  javascript: ["js", "node"],
  typescript: ["ts"],
  bash: ["sh", "shell", "zsh"],
};

export function isRunnable(fence: string, language: string): boolean {
  const [named = ""] = fence.trim().toLowerCase().split(/[\s{]/);
  const own = language.toLowerCase();
  return named !== "" && (named === own || (ALIASES[own]?.includes(named) ?? false));
}

/** Three notebooks to begin with, each of which runs as it is. */

import { emptyNotebook, type Source } from "./format";

export interface Example {
  readonly name: string;
  readonly about: string;
  readonly cells: readonly Source[];
}

const text = (source: string): Source => ({ type: "markdown", source });
const code = (source: string): Source => ({ type: "code", source });

export const examples: readonly Example[] = [
  {
    name: "housing",
    about: "a small table, grouped and compared",
    cells: [
      text(
        "# Where is it cheapest to live?\n\nEight flats in three cities. Run the cells with ⇧⏎.",
      ),
      code(
        'flats = [\n    ("Lyon", 180_000), ("Lyon", 210_000), ("Paris", 520_000), ("Paris", 480_000),\n    ("Paris", 610_000), ("Nantes", 240_000), ("Nantes", 260_000), ("Lyon", 195_000),\n]\nlen(flats)',
      ),
      code(
        "from statistics import median\n\nprices = {}\nfor city, price in flats:\n    prices.setdefault(city, []).append(price)\n\n{city: median(each) for city, each in prices.items()}",
      ),
      text("Now ask the model: *which city is cheapest, and how sure can one be?*"),
    ],
  },
  {
    name: "formulas",
    about: "text, LaTeX and a simulation that agree",
    cells: [
      text(
        "# How good is a guess of $\\pi$?\n\nThe share of random points within a quarter circle tends to\n\n$$\\frac{\\pi}{4} = \\int_0^1 \\sqrt{1 - x^2}\\,dx$$",
      ),
      code(
        "import random\n\ndef guess(points: int) -> float:\n    hits = sum(random.random() ** 2 + random.random() ** 2 < 1 for _ in range(points))\n    return 4 * hits / points\n\n[guess(10 ** k) for k in range(1, 6)]",
      ),
    ],
  },
  {
    name: "mend-me",
    about: "an error for the model to find",
    cells: [
      text("# Something is wrong here\n\nRun the cell, and press *fix*."),
      code(
        "def mean(numbers):\n    return sum(numbers) / len(numbers)\n\nmean([3, 5, 7]), mean([])",
      ),
    ],
  },
];

export function exampleNotebook(example: Example, kernel: string): unknown {
  return emptyNotebook(kernel, example.cells);
}

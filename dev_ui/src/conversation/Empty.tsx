/** A conversation in which nothing was said yet: how to begin. */

import { useEffect, useState } from "react";
import styles from "./Empty.module.css";
import { useRoom } from "./roomContext";
import { starters } from "./starters";

export function Empty() {
  const { room } = useRoom();
  const [questions, setQuestions] = useState<readonly string[]>(starters([]));
  useEffect(() => {
    let wanted = true;
    void room.variables().then((variables) => {
      if (wanted) setQuestions(starters(variables));
    });
    return () => {
      wanted = false;
    };
  }, [room]);
  return (
    <div className={styles.empty}>
      <p>The model sees your cells, their outputs and your variables. Ask, for example:</p>
      <ul>
        {questions.map((question) => (
          <li key={question}>
            <button type="button" onClick={() => room.ask(question)}>
              {question}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** The kernel has a model's side, and no model: the two ways to get one. */
export function NoModel() {
  const { room } = useRoom();
  return (
    <div className={styles.empty}>
      <p>There is no model yet. Two ways to get one:</p>
      <ol>
        <li>
          On this machine: start a model server, for example{" "}
          <code>ollama run qwen2.5-coder:1.5b</code>. It is found by itself.
        </li>
        <li>
          Elsewhere: start the server with <code>OPENAI_API_KEY</code>, and{" "}
          <code>OPENAI_BASE_URL</code> where it isn't OpenAI's.
        </li>
      </ol>
      <button type="button" onClick={() => void room.chooseModel("")}>
        look again
      </button>
    </div>
  );
}

export function NoBeaker({ text }: { text: string }) {
  return (
    <div className={styles.empty}>
      <p>{text}</p>
    </div>
  );
}

// A search box of this archive on the page of another site:
//
//   <script src="https://archive.example/embed.js" async></script>
//   <archive-search><a href="https://archive.example/">Search the reports</a></archive-search>
//
// What comes from the archive is only ever written as text, and only addresses of the archive itself
// become links. Nothing of the page around it is read or changed, nothing is stored, and no cookie is sent.
(() => {
  "use strict";

  // Where this script came from is where the archive is.
  const archive = new URL(".", document.currentScript.src);
  const STYLE = `
    :host { display: block; font: 1rem/1.5 system-ui, sans-serif; color: var(--archive-ink, inherit); }
    :host([hidden]) { display: none; }
    form { display: flex; flex-wrap: wrap; gap: .5rem; }
    label { flex: 1 0 100%; font-weight: 600; }
    input { flex: 1 1 10rem; min-width: 0; }
    input, button { font: inherit; min-height: 2.75rem; padding: .4rem .75rem; border: 1px solid #767d84; border-radius: .4rem; }
    button { background: var(--archive-accent, #1f4e79); border-color: transparent; color: #fff; font-weight: 600; cursor: pointer; }
    :focus-visible { outline: 3px solid var(--archive-accent, #1f4e79); outline-offset: 2px; }
    ol { list-style: none; margin: 1rem 0 0; padding: 0; }
    li { margin-bottom: 1rem; overflow-wrap: anywhere; }
    blockquote { margin: 0; padding-left: .75rem; border-left: 3px solid var(--archive-accent, #1f4e79); font-family: Georgia, serif; }
    p { margin: .15rem 0; }
    .about, .said { font-size: .875rem; }
    mark { background: #ffe89a; color: #1b1f24; }
  `;

  /** An element with text in it; nothing here ever parses markup. */
  function element(name, text = "", className = "") {
    const made = document.createElement(name);
    made.textContent = text;
    if (className) made.className = className;
    return made;
  }

  /** The archive's page at `path`; the archive's first page where that leads anywhere else. */
  function address(path) {
    const url = new URL(path, archive);
    return url.origin === archive.origin && /^https?:$/.test(url.protocol) ? url.href : archive.href;
  }

  function link(path, text) {
    const made = element("a", text);
    made.href = address(path);
    return made;
  }

  /** Text with its marks, which count whole characters where JavaScript counts halves of some. */
  function marked(text, marks) {
    const signs = Array.from(text);
    const made = element("p");
    let position = 0;
    for (const [start, end] of marks) {
      made.append(signs.slice(position, start).join(""), element("mark", signs.slice(start, end).join("")));
      position = end;
    }
    made.append(signs.slice(position).join(""));
    return made;
  }

  function about(...parts) {
    return element("p", parts.filter(Boolean).join(" · "), "about");
  }

  function place(cited) {
    return [cited.paragraph && `paragraph ${cited.paragraph}`, cited.page && `page ${cited.page}`].filter(Boolean).join(", ");
  }

  class ArchiveSearch extends HTMLElement {
    #results = element("ol");
    #said = element("p", "", "said");
    #asking = null;

    connectedCallback() {
      if (this.shadowRoot) return;
      const root = this.attachShadow({ mode: "open" });
      const style = new CSSStyleSheet(); // needs no permission of the page's policy for inline styles
      style.replaceSync(STYLE);
      root.adoptedStyleSheets = [style];
      const form = element("form");
      form.setAttribute("role", "search");
      form.action = archive.href;
      const box = element("input");
      Object.assign(box, { id: "q", name: "q", type: "search", required: true, maxLength: 1000 });
      const label = element("label", this.getAttribute("label") || "Search the reports");
      label.htmlFor = "q";
      form.append(label, box, element("button", this.getAttribute("button") || "Search"));
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        this.#ask(box.value.trim());
      });
      this.#said.setAttribute("role", "status");
      root.append(form, this.#said, this.#results);
    }

    /** What is asked for: the words, and the filters that the page gives as attributes. */
    #query(q, limit) {
      const query = new URLSearchParams({ q });
      for (const name of ["body", "committee", "doc_type", "date_from", "date_to"]) {
        const value = this.getAttribute(name.replace("_", "-"));
        if (value) query.set(name, value);
      }
      if (limit) query.set("limit", limit);
      return query;
    }

    async #fetch(path, query) {
      const asked = new URL(`${path}?${query}`, archive);
      const response = await fetch(asked, { credentials: "omit", signal: this.#asking.signal });
      const found = await response.json();
      if (!response.ok) throw new Error(found.detail || `the archive answered ${response.status}`);
      return found;
    }

    async #ask(q) {
      if (!q) return;
      this.#asking?.abort();
      const asking = (this.#asking = new AbortController());
      this.#said.textContent = "Searching …";
      this.#results.replaceChildren();
      try {
        const limit = Math.min(Math.max(parseInt(this.getAttribute("limit"), 10) || 5, 1), 20);
        const found = await this.#fetch("v1/search", this.#query(q, limit));
        const answer = this.hasAttribute("answers") ? await this.#fetch("v1/answer", this.#query(q)) : null;
        this.#show(q, found, answer);
      } catch (error) {
        if (asking.signal.aborted) return; // another question has been asked meanwhile
        this.#said.textContent = `The archive could not be searched: ${error.message}`;
      }
    }

    #show(q, found, answer) {
      for (const { text, citation } of answer?.sentences || []) {
        const cited = answer.citations[citation];
        const item = element("li");
        item.append(element("blockquote", `“${text}”`), link(cited.url, cited.title), about(cited.date, place(cited)));
        this.#results.append(item);
      }
      for (const result of found.results) {
        const item = element("li");
        item.append(link(result.url, result.title), about(result.body, result.date, place(result.passage)));
        item.append(marked(result.snippet.text, result.snippet.marks));
        this.#results.append(item);
      }
      this.#said.textContent = found.results.length ? "" : "No report matches. ";
      this.#said.append(link(`./?${this.#query(q)}`, "Everything that the archive has on it"));
    }
  }

  if (!customElements.get("archive-search")) customElements.define("archive-search", ArchiveSearch);
})();

(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const make = (tag, text) => Object.assign(document.createElement(tag), { textContent: text });
  const main = document.body.appendChild(make("main", ""));
  main.append(make("h1", data.title));
  if (!data.layers) return;
  const table = main.appendChild(make("table", ""));
  data.layers.name.forEach((name, i) => {
    const row = table.insertRow();
    const field = data.rows[data.layers.field[i]];
    for (const text of [name, data.ops[data.layers.op[i]].text, field ? field.field : ""]) row.insertCell().textContent = text;
  });
})();

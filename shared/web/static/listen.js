// The person's page read aloud, by a voice of the phone's own alone: any other carries the page away to whoever speaks it.
(() => {
  const listen = document.querySelector("[data-listen]");
  if (listen && window.speechSynthesis) {
    const labels = [listen.textContent, listen.dataset.listen];
    const voice = () =>
      speechSynthesis.getVoices().find((one) => one.localService && one.lang.slice(0, 2) === document.documentElement.lang);
    const offer = () => (listen.hidden = !voice());
    const stop = () => {
      speechSynthesis.cancel();
      listen.textContent = labels[0];
    };
    const begin = () => {
      const lines = document.querySelector("main").innerText.split("\n").filter((line) => line.trim());
      const said = lines.map((line) => Object.assign(new SpeechSynthesisUtterance(line), { voice: voice(), lang: voice().lang }));
      said[said.length - 1].addEventListener("end", stop);
      said.forEach((one) => speechSynthesis.speak(one));
      listen.textContent = labels[1];
    };
    listen.addEventListener("click", () => (listen.textContent === labels[1] ? stop() : begin()));
    speechSynthesis.addEventListener?.("voiceschanged", offer);
    addEventListener("pagehide", stop);
    offer();
  }
})();

"""Short customer texts in every language, for tests that need some of each."""

from typing import Final

TEXTS: Final[dict[str, tuple[str, ...]]] = {
    "en": (
        "When does my sofa come?",
        "Lovely staff at the till, parking was a nightmare.",
        "order 48213 still nowhere",
    ),
    "it": (
        "Quando arriva il mio divano?",
        "Commessa gentile, ma coda infinita alla cassa.",
        "ordine 48213 sparito",
    ),
    "fr": (
        "Où en est ma commande ?",
        "Accueil charmant, cabines trop étroites.",
        "colis 48213 introuvable",
    ),
    "de": (
        "Wann wird das Bett geliefert?",
        "Nette Beratung, aber zu wenige Parkplätze.",
        "Rückgeld fehlt, 12,50 €",
    ),
    "es": (
        "¿Cuándo llega mi pedido?",
        "Muy amables, pero el probador estaba sucio.",
        "sin noticias del reembolso",
    ),
    "pt": (
        "Quando chega a minha encomenda?",
        "Atendimento ótimo, preço salgado.",
        "cadê meu pedido 48213",
    ),
    "nl": (
        "Waar blijft mijn kast?",
        "Vriendelijk personeel, lange rij bij de kassa.",
        "nog steeds geen factuur",
    ),
    "pl": (
        "Kiedy dotrze moja paczka?",
        "Miła obsługa, ale drogo jak na tę jakość.",
        "zamowienie 48213 zaginelo",
    ),
    "cs": (
        "Kdy dorazí moje skříň?",
        "Ochotná paní u pokladny, špatné parkování.",
        "stale cekam na vraceni penez",
    ),
    "hu": (
        "Mikor érkezik a kanapém?",
        "Kedves eladók, hosszú sor a pénztárnál.",
        "a 48213-as rendelés sehol",
    ),
    "ro": (
        "Când ajunge comanda mea?",
        "Personal amabil, prețuri cam mari.",
        "inca astept rambursarea",
    ),
    "el": (
        "Πότε θα έρθει ο καναπές μου;",
        "Ευγενικό προσωπικό, ακριβές τιμές.",
        "η παραγγελια 48213 χαθηκε",
    ),
    "sv": (
        "När kommer min soffa?",
        "Trevlig personal men dålig parkering.",
        "väntar fortfarande på fakturan",
    ),
    "da": (
        "Hvornår kommer min sofa?",
        "Søde ekspedienter, men alt for lang kø.",
        "mangler stadig to skruer",
    ),
    "fi": (
        "Milloin sohvani saapuu?",
        "Ystävällinen palvelu, pitkä jono kassalla.",
        "tilaus 48213 kadonnut",
    ),
    "nb": (
        "Når kommer sofaen min?",
        "Kjempehyggelige folk i kassa, men dyrt å parkere.",
        "venter fortsatt på refusjonen",
    ),
    "ru": (
        "Когда привезут мой диван?",
        "Вежливый персонал, но большая очередь.",
        "заказ 48213 так и не пришёл",
    ),
}  # fmt: skip

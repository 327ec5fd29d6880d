"""Names that may stand for one another in a comment: of people and of places, by language.

A comment must be judged alike whoever served the customer and wherever the shop is. Only
base forms are listed, so an inflected name is left alone rather than put into a wrong case.
"""

from typing import Final

Names = dict[str, tuple[tuple[str, ...], ...]]

NAMES: Final[Names] = {
    language: tuple(tuple(group.split()) for group in groups)
    for language, groups in {
        "en": (
            "Deirdre Lottie Moira Ruby Tamsin Sarah Emma Aoife Priya Karen Hannah Grace",
            "Callum Declan Fergus Yusuf Pawel Tom James Liam Mike Daniel Sam Owen",
            "Galway Croydon Cork Leeds Belfast Dunedin Aberdeen Dublin Bristol Manchester London Geelong",
        ),
        "it": (
            "Ornella Irene Ginevra Matilde Giulia Chiara Elena Francesca Sara Martina Anna Silvia",
            "Davide Luca Tommaso Denis Gino Marco Andrea Paolo Matteo Alessandro Roberto Simone",
            "Verona Varese Udine Brescia Bergamo Trieste Catania Padova Roma Cremona Milano Torino",
        ),
        "fr": (
            "Léa Samira Clémence Fatou Solène Mathilde Odette Julie Camille Nadia Sophie Claire",
            "Yannick Bastien Rémi Mehdi Thomas Julien Nicolas Karim Antoine Pierre Lucas Hugo",
            "Namur Genève Liège Lausanne Nantes Sherbrooke Bruxelles Lille Montréal Rennes Lyon Quimper",
        ),
        "de": (
            "Anna Julia Sabine Lena Katharina Monika Petra Sandra Miriam Laura Susanne Birgit",
            "Thomas Michael Stefan Lukas Jonas Markus Andreas Felix Daniel Florian Peter Mehmet",
            "Hamburg Köln Graz Linz Zürich Bern Leipzig Dresden Wien Stuttgart Salzburg Basel",
        ),
        "es": (
            "Maite Graciela Leonor Rocío Noelia Nerea Belén Loli María Lucía Carmen Valentina",
            "Roberto Anselmo Efraín Felipe Ramiro Paco Hernán Javier Diego Carlos Andrés Miguel",
            "Bogotá Guadalajara Valladolid Sevilla Bilbao Medellín Zaragoza Querétaro Montevideo Burgos Lima",
        ),
        "pt": (
            "Jéssica Patrícia Leonor Janaína Vanessa Célia Benedita Celeste Ana Mariana Camila Sofia",
            "Wesley Duarte Vinícius Tomás Telmo João Pedro Rafael Tiago Lucas Bruno André",
            "Coimbra Leiria Braga Recife Curitiba Faro Lisboa Cascais Joinville Aveiro Manaus Setúbal",
        ),
        "nl": (
            "Fatima Noortje Anouk Ria Yvonne Marjolein Ingrid Sanne Lotte Eva Femke Lieve",
            "Kevin Gust Youssef Jan Pieter Daan Bram Wouter Tom Sander Jeroen Karel",
            "Apeldoorn Hasselt Breda Gent Tilburg Utrecht Antwerpen Maastricht Brugge Zwolle Leuven Kortrijk",
        ),
        "pl": (
            "Mirella Beata Iwona Dorota Bożena Hania Anna Kasia Magda Ewa Joanna Agnieszka",
            "Kuba Marcin Wiktor Darek Tomek Piotr Paweł Michał Adam Krzysztof Łukasz Bartek",
            "Warszawa Kraków Wrocław Gdańsk Poznań Łódź Lublin Szczecin Katowice Toruń Rzeszów Londyn",
        ),
        "cs": (
            "Lenka Markéta Tereza Adéla Lea Jana Petra Lucie Eva Hana Kateřina Veronika",
            "Jarda Lukáš Honza Petr Tomáš Martin Jakub Pavel Jirka Ondřej Michal David",
            "Praha Brno Ostrava Olomouc Plzeň Liberec Zlín Pardubice Jihlava Kolín Opava Vídeň",
        ),
        "hu": (
            "Edit Gabi Mira Éva Réka Ilona Tünde Anna Kata Zsófi Judit Ágnes",
            "Laci Szabolcs Balázs Norbi Péter Gábor Zoli Tamás András Bence Attila Márk",
            "Debrecen Győr Pécs Szeged Miskolc Kecskemét Budapest Makó Zugló Kispest Vác Eger",
        ),
        "ro": (
            "Mihaela Alina Bianca Olivia Elena Ioana Miruna Otilia Rodica Andreea Maria Cristina",
            "Radu Ionuț Tudor Sorin Gelu Vlad Andrei Mihai Alex Bogdan Cristian Ștefan",
            "Bălți Chișinău Cluj Iași Timișoara Oradea Sibiu Pitești Craiova Brașov Buzău Ploiești",
        ),
        "el": (
            "Δήμητρα Δέσποινα Μαρία Σοφία Βάσω Άννα Ιωάννα Ελένη Κατερίνα Γεωργία Χριστίνα Νίκη",
            "Θανάσης Γιάννης Σταύρος Δημήτρης Νίκος Κώστας Γιώργος Παναγιώτης Μιχάλης Αντώνης Πέτρος",
            "Λεμεσό Λάρισα Θεσσαλονίκη Ρόδο Αθήνα Παγκράτι Χαλάνδρι Γλυφάδα Μαρούσι Περιστέρι Πάτρα Καβάλα",
        ),
        "sv": (
            "Fatima Leila Gunnel Rebecka Sofia Camilla Ingrid Anneli Anna Elin Karin Maja",
            "Gunnar Birger Peder Johan Erik Anders Lars Mikael Oskar Ali Fredrik Nils",
            "Borlänge Växjö Åbo Vasa Uppsala Borgå Umeå Esbo Östersund Luleå Malmö Örebro",
        ),
        "da": (
            "Birthe Yasmin Lis Bente Karina Lone Mette Louise Camilla Hanne Sofie Anne",
            "Jonas Jens Mikkel Hans Thorkild Yusuf Bent Jeppe Lars Peter Søren Rasmus",
            "Vejle Kolding Odense Aarhus Herning Skive Viborg Ribe Hobro København Næstved Rønne",
        ),
        "fi": (
            "Sanna Aino Tiina Katariina Elina Marjatta Outi Veera Sirpa Marjut Emmi Laura",
            "Seppo Joonas Kimmo Ahti Risto Jarkko Pertti Mikko Pekka Marko Antti Juha",
            "Helsinki Espoo Tampere Turku Oulu Kuopio Lahti Kouvola Pori Vaasa Joensuu Vantaa",
        ),
        "nb": (
            "Henriette Solveig Hanne Randi Silje Amalie Ada Mari Kari Ingrid Nora Marte",
            "Yonas Piotr Arvid Roger Odd Kristoffer Lars Ole Magnus Henrik Jonas Per",
            "Bodø Tromsø Drammen Molde Trondheim Oslo Haugesund Alta Stavanger Sandnes Bergen Askim",
        ),
        "ru": (
            "Наталья Марина Алия Милана Алина Софья Алёна Инга Ольга Светлана Екатерина Ирина",
            "Руслан Геннадий Гурген Лев Дамир Олег Рустам Сергей Тимур Андрей Дмитрий Иван",
            "Алматы Казань Тобольск Даугавпилс Балхаш Шымкент Москва Самара Рига Омск Пермь Тула",
        ),
    }.items()
}  # fmt: skip
"""Language -> women, men, places."""

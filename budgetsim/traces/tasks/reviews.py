"""Short reviews written for the sentiment task: half of them plain, half with a negation or a turn."""

from __future__ import annotations

POSITIVE = """
The soup was delicious and the staff were kind.
I loved every minute of this film.
The room was clean, bright and quiet.
Best headphones I have ever owned.
The guide was funny and knew everything about the city.
My new phone works perfectly and the battery lasts two days.
A wonderful book that I could not put down.
The delivery came a day early and everything was intact.
The concert was a joy from start to finish.
Friendly service and a great price.
This jacket keeps me warm in any weather.
The lesson was clear and our teacher was patient.
The cake was fresh and not too sweet.
I expected little and was pleasantly surprised.
Not a single thing went wrong on our trip.
I was worried about the noise, but we slept very well.
The plot is simple, yet it moved me to tears of joy.
It costs more than others and is worth every cent.
I have no complaints at all.
It took a while to learn, and now I use it every day.
You will not find a better bakery in this town.
The old model was bad, this one is excellent.
Nothing I tried before worked as well as this cream.
I would not hesitate to book again.
The line was long, but the ice cream made up for it.
Never had such a smooth repair.
My son hated reading until he opened this book.
The seats are small, still the view is fantastic.
The garden is lovely in the morning.
Our dog adores this toy.
Setting it up took two minutes and it simply works.
The actors are brilliant and the music is beautiful.
They fixed my bike for free.
This tea tastes amazing.
The hotel upgraded us without being asked.
A clever game that keeps the whole family laughing.
The doctor listened and explained everything calmly.
I was sceptical, and I was wrong.
The boat ride was the highlight of our holiday.
Hard to fault this little camera.
What a relief to find a plumber who shows up on time.
The pasta could not have been better.
Far from boring, the museum kept us there all day.
I gave it to my mother and she smiled for a week.
""".strip().splitlines()

NEGATIVE = """
The soup was cold and the waiter ignored us.
I wasted two hours on this film.
The room smelled of smoke and the bed was dirty.
These headphones broke after a week.
The guide was rude and always late.
The screen cracked on the first day.
A dull book with flat characters.
The parcel arrived broken and nobody answered my calls.
The concert was far too loud and badly organised.
Slow service and terrible food.
The zip of this jacket failed in the first month.
The course was confusing and a waste of money.
The bread was stale and hard.
I expected a lot and was bitterly disappointed.
Nothing worked as promised on our trip.
The view is nice, but we could not sleep because of the noise.
Great actors, yet the story is a mess.
It costs more than others and does less.
I want my money back.
I tried for weeks to like it and gave up.
You will find a better bakery anywhere in this town.
The old model was excellent, this one is bad.
This cream worked no better than water.
I would not book again.
The ice cream was not worth the long line.
Never had such a careless repair.
My son loved reading until he opened this book.
The view is fantastic, still my back hurts from the awful seats.
The garden is full of rubbish.
Our dog got sick from this food.
After two hours of setting it up it still does not start.
The jokes are old and the music is annoying.
They charged me twice and refused to refund it.
This tea tastes like dust.
The hotel lost our booking and blamed us.
A boring game with unclear rules.
The doctor did not listen and sent me away.
I was hopeful, and I was wrong.
The boat ride was the low point of our holiday.
Hard to recommend this little camera.
What a shame that the plumber never showed up.
The pasta could have been a lot better.
Far from exciting, the museum was half closed.
I gave it to my mother and she returned it the next day.
""".strip().splitlines()

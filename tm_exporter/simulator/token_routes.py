"""What POST /tokenize and POST /detokenize answer."""

from typing import Any

from tm_exporter.simulator import tokenizer
from tm_exporter.simulator.asked import Body, Models, checked_tokens, member, model_of
from tm_exporter.simulator.messages import rendered
from tm_exporter.simulator.switches import Switches


_ALTERED = "altered "


def tokenized(body: Body, models: Models, switches: Switches) -> dict[str, Any]:
    """
    Return the tokens of a prompt, or of messages where the service takes them.

    Raises:
        Refusal: 422 without what is to be counted, 404 without the model.
    """
    little = switches.tokenize == "prompt_only"
    if "messages" in body and not little:
        text = rendered(body["messages"])
    else:
        text = member(body, "prompt", str)
    model = model_of(body, models)
    tokens = tokenizer.encode(text)
    if little:
        return {"tokens": tokens}
    wanted = body.get("return_token_strs") is True
    return {
        "count": len(tokens),
        "max_model_len": model.max_model_len,
        "tokens": tokens,
        "token_strs": tokenizer.split(tokens) if wanted else None,
    }


def detokenized(body: Body, models: Models, switches: Switches) -> dict[str, Any]:
    """
    Return the text of tokens.

    Raises:
        Refusal: 422 or 400 without tokens, 404 without the model.
    """
    tokens = checked_tokens(member(body, "tokens", list), "tokens")
    model_of(body, models)
    altered = _ALTERED if switches.detokenize == "altered" else ""
    return {"prompt": altered + tokenizer.decode(tokens)}

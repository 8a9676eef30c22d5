"""When a prompt asks for another line, as bash does."""

import pytest

from k8s_tutor.kubectl.continuing import wants_more


@pytest.mark.parametrize(
    "text",
    [
        "cat > pod.yaml <<EOF",
        "cat > pod.yaml <<EOF\nkind: Pod\n EOF",
        "cat > pod.yaml <<'EOF'\nkind: it's",
        'cat <<"THE END"\nEND',
        "cat <<A; cat <<B\na\nA\nb",
        "kubectl apply -f - <<-EOF\n\tkind: Pod",
        "kubectl patch pod busy -p \\",
        "kubectl patch pod busy -p '{",
        'echo "it\'s \\" still',
        "kubectl get pods |",
        "kubectl get pods && # and then",
        "cat <<EOF \\\n| wc",
    ],
)
def test_goes_on(text: str) -> None:
    assert wants_more(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "kubectl get pods",
        "kubectl get pods # don't",
        "cat > pod.yaml <<EOF\nkind: it's \"\n\nEOF",
        "cat <<-EOF | wc -l\n\ta\n\tEOF",
        "cat <<A; cat <<B\na\nA\nb\nB",
        "kubectl patch pod busy -p \\\n  '{}'",
        "kubectl patch pod busy -p '{\n}'",
        "echo '<<EOF' \"<<EOF\"",
        "cat <<<EOF",
        "echo a\\\\",
        "kubectl get pods |\nwc -l",
        "echo it\\'s",
        "sleep 1 &",
    ],
)
def test_is_whole(text: str) -> None:
    assert not wants_more(text)

using MfRae.Lab.Core.Records;

namespace MfRae.Lab.Core.Tests.Records;

public sealed class CommandTextTests
{
    [Theory]
    [InlineData("run experiments/smoke.json seeds=0-5 --only mfd", "run", "experiments/smoke.json", "seeds=0-5", "--only", "mfd")]
    [InlineData("run 'a b.json' 'it'\\''s' '' '$(id)'", "run", "a b.json", "it's", "", "$(id)")]
    [InlineData("run 'a\nb'", "run", "a\nb")]
    [InlineData("", new string[0])]
    public void Arguments_are_quoted_as_a_shell_needs_them(string line, params string[] words) => CommandText.Of(words).Should().Be(line);

    [Theory]
    [InlineData("--api-key hunter2")]
    [InlineData("--token=hunter2")]
    [InlineData("--token =hunter2")]
    [InlineData("-Password hunter2")]
    [InlineData("--hub.access_token -hunter2")]
    [InlineData("HF_TOKEN=hunter2")]
    [InlineData("store.credentials=a,hunter2;hunter2")]
    [InlineData("db.Secret=x=hunter2")]
    [InlineData("passphrase=hunter2")]
    [InlineData("https://user:hunter2@host/path")]
    [InlineData("https://user:p@hunter2@host/path")]
    [InlineData("s3+https://hunter2@host")]
    [InlineData("dataset.path=https://a:hunter2@host/x")]
    [InlineData("https://host/x?signature=1&X-Api-Key=hunter2&b=2")]
    [InlineData("https://host/x?token=hunter2")]
    [InlineData("header=Bearer_|Bearer hunter2")]
    [InlineData("Authorization=hunter2")]
    public void A_secret_is_removed(string command)
    {
        var kept = CommandText.Of(command.Split(command.Contains('|') ? '|' : ' '));

        kept.Should().NotContain("hunter2").And.Contain("***");
    }

    [Fact]
    public void Text_next_to_a_secret_is_kept()
    {
        CommandText.Of(["run", "x.json", "--api-key", "hunter2", "seeds=0-5"]).Should().Be("run x.json --api-key *** seeds=0-5");
        CommandText.Of(["https://me:hunter2@host/x?token=hunter2&b=2"]).Should().Be("'https://***@host/x?token=***&b=2'");
        CommandText.Of(["--keep-going", "x"]).Should().Be("--keep-going x");
        CommandText.Of(["--key", "--quiet"]).Should().Be("--key --quiet", "an option follows: that one had no value");
    }

    [Theory]
    [InlineData("run x.json --jobs 2 --store /data/store --db /data/lab.db", "run x.json --jobs 2 --store … --db …")]
    [InlineData("run /home/me/x.json dataset.path=/data/images --store=/s", "run … dataset.path=… --store=…")]
    [InlineData("run --store '/my data/it'\\''s here' --quiet", "run --store … --quiet")]
    [InlineData("run 'dataset.path=/my data/images' x", "run … x")]
    [InlineData("run --store C:/lab --db 'D:\\my lab\\lab.db'", "run --store … --db …")]
    [InlineData("run experiments/x.json ../other/x.json a/b=1 https://host/x", "run experiments/x.json ../other/x.json a/b=1 https://host/x")]
    [InlineData("", "")]
    public void A_published_command_has_no_absolute_paths(string line, string shared) => CommandText.WithoutPaths(line).Should().Be(shared);

    [Theory]
    [InlineData("retrying with --api-key hunter2 after 3 s", "retrying with --api-key *** after 3 s")]
    [InlineData("  --token\thunter2", "  --token\t***")]
    [InlineData("GET https://me:hunter2@host/x failed", "GET https://***@host/x failed")]
    [InlineData("Authorization: Bearer hunter2", "Authorization: Bearer ***")]
    [InlineData("env HF_TOKEN=hunter2 hunter2", "env HF_TOKEN=***")]
    [InlineData("step 3: loss=NaN --keep-going x", "step 3: loss=NaN --keep-going x")]
    [InlineData("--key --quiet", "--key --quiet")]
    [InlineData("--key --token hunter2", "--key --token ***")]
    [InlineData("", "")]
    public void A_printed_line_loses_secrets_too(string line, string kept) => CommandText.Redact(line).Should().Be(kept);

    [Fact]
    public void A_very_long_line_is_truncated() =>
        CommandText.Of([new string('x', 10_000_000)]).Should().HaveLength(CommandText.Longest + 1).And.EndWith("…");
}

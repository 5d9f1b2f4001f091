using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Options;

namespace MfRae.Lab.Core.Tests.Experiments;

/// <summary>Values as people type them, which are not JSON: the message says what to write.</summary>
public sealed class WrittenValueTests : IDisposable
{
    private readonly Workspace _work = new();

    public void Dispose() => _work.Dispose();

    [Theory]
    [InlineData("sampling.steps=1,4", "expected an array", "write [1,4]")]
    [InlineData("sampling.steps=1, 4, 8", "expected an array", "write [1,4,8]")]
    [InlineData("sampling.steps=(1,4)", "expected an array", "write [1,4]")]
    [InlineData("sampling.steps=4", "expected an array", "write [4]")]
    [InlineData("sampling.steps=[1,NaN]", "NaN is not a whole number from 1 to 1000", "write a whole number")]
    [InlineData("evaluation.references=test,train", "expected an array", "write [\"test\",\"train\"]")]
    [InlineData("meanflow.lambda=NaN", "NaN is not a number from 0 to 1", "write a number from 0 to 1")]
    [InlineData("meanflow.lambda=nan", "nan is not a number from 0 to 1", "write a number from 0 to 1")]
    [InlineData("meanflow.lambda=Infinity", "Infinity is not a number from 0 to 1", "write a number from 0 to 1")]
    [InlineData("meanflow.lambda=-inf", "-inf is not a number from 0 to 1", "write a number from 0 to 1")]
    [InlineData("meanflow.lambda=1e999", "1e999 is not a number from 0 to 1", "write a number from 0 to 1")]
    [InlineData("meanflow.training.learningRate=1e999", "1e999 is not a number", "write a number")]
    [InlineData("meanflow.training.learningRate=NaN", "NaN is not a number", "write a number")]
    [InlineData("meanflow.lambda=.5", "expected a number from 0 to 1", "write 0.5")]
    [InlineData("meanflow.lambda=0,5", "expected a number from 0 to 1", "write 0.5")]
    [InlineData("meanflow.lambda=1.", "expected a number from 0 to 1", "write 1")]
    [InlineData("meanflow.training.steps=1_000", "expected a whole number", "write 1000")]
    [InlineData("meanflow.training.steps=1,000", "expected a whole number", "write 1000")]
    [InlineData("meanflow.training.steps=007", "expected a whole number", "write 7")]
    [InlineData("evaluation.probes=True", "expected true or false", "write true")]
    [InlineData("evaluation.probes=yes", "expected true or false", "write true")]
    [InlineData("meanflow.tangentLambda=None", "expected a number from 0 to 1", "write null")]
    [InlineData("meanflow.derivative={kind:jvp}", "expected an object", "quote it for the shell")]
    public void An_invalid_value_on_the_command_line_is_reported_with_a_correction(string given, string message, string suggestion)
    {
        var found = _work.Mistake("", given);

        (found.File, found.Path).Should().Match<(string? File, string Path)>(at => at.File == null && given.StartsWith(at.Path.Split('[')[0]));
        found.Message.Should().StartWith(message);
        found.Suggestion.Should().Contain(suggestion);
    }

    [Theory]
    [InlineData("\"meanflow\": { \"lambda\": NaN }", "$.base.meanflow.lambda", "NaN is not a number from 0 to 1", "write a number from 0 to 1")]
    [InlineData("\"meanflow\": { \"lambda\": -Infinity }", "$.base.meanflow.lambda", "-Infinity is not a number from 0 to 1", "write a number")]
    [InlineData("\"meanflow\": { \"lambda\": \"NaN\" }", "$.base.meanflow.lambda", "NaN is not a number from 0 to 1", "write a number")]
    [InlineData("\"meanflow\": { \"lambda\": 1e999 }", "$.base.meanflow.lambda", "1e999 is not a number from 0 to 1", "write a number")]
    [InlineData("\"meanflow\": { \"lambda\": .5 }", "$.base.meanflow.lambda", "expected a number from 0 to 1, got .5", "write 0.5")]
    [InlineData("\"meanflow\": { \"lambda\": \".5\" }", "$.base.meanflow.lambda", "expected a number from 0 to 1", "write 0.5 without quotes")]
    [InlineData("\"meanflow\": { \"lambda\": \"0,5\" }", "$.base.meanflow.lambda", "expected a number from 0 to 1", "write 0.5 without quotes")]
    [InlineData("\"meanflow\": { \"tangentLambda\": None }", "$.base.meanflow.tangentLambda", "expected a number from 0 to 1, got None", "write null")]
    [InlineData("\"meanflow\": { \"initialisation\": teacher }", "$.base.meanflow.initialisation", "expected", "\"teacher\"")]
    [InlineData("\"meanflow\": { \"derivative\": { \"kind\": jvp } }", "$.base.meanflow.derivative.kind", "expected a string, got jvp", "`jvp`")]
    [InlineData("\"dataset\": { \"path\": 'data' }", "$.base.dataset.path", "expected a string, got 'data'", "write \"data\"")]
    [InlineData("\"sampling\": { \"steps\": [1, NaN] }", "$.base.sampling.steps[1]", "NaN is not a whole number from 1 to 1000", "whole number")]
    [InlineData("\"sampling\": { \"samples\": 99999999999 }", "$.base.sampling.samples", "99999999999 is out of range", "write a whole number from")]
    public void An_invalid_value_in_a_file_is_reported_with_a_correction(string options, string path, string message, string suggestion)
    {
        var found = _work.Mistake($"\"base\": {{ {options} }}");

        (found.File, found.Line, found.Path).Should().Be(("x.json", 2, path));
        found.Message.Should().StartWith(message);
        found.Suggestion.Should().Contain(suggestion);
    }

    [Theory]
    [InlineData("\"lambda\": 0,5", "write 0.5")]
    [InlineData("\"lambda\": 1,4", "write 1.4")]
    public void A_decimal_comma_in_a_file_is_recognised(string option, string suggestion)
    {
        var found = _work.Mistake($"\"base\": {{ \"meanflow\": {{ {option} }} }}");

        found.Message.Should().StartWith("invalid JSON");
        found.Suggestion.Should().StartWith(suggestion).And.Contain("decimal point");
    }

    [Fact]
    public void An_unquoted_word_and_missing_options_are_both_reported()
    {
        _work.Write("y.json", "{ \"version\": one }");

        Core.Experiments.ExperimentReader.Read("y.json", [], _work.Root).Diagnostics.Select(found => $"{found.Path} {found.Message}")
            .Should().Contain("$.version expected 1, got one").And.Contain("$.question `question` is missing");
    }

    [Fact]
    public void A_word_without_quotes_does_not_hide_the_mistakes_after_it() =>
        _work.Read(""" "base": { "meanflow": { "lambda": NaN, "lamda": 1 }, "cmt": { "training": { "steps": True } } } """).Diagnostics
            .Select(found => found.Path).Should().Equal("$.base.cmt.training.steps", "$.base.meanflow.lambda", "$.base.meanflow.lamda");

    [Fact]
    public void An_unquoted_word_is_a_mistake_even_if_an_override_replaces_it() =>
        _work.Mistake("""
            "arms": { "a": {}, "b": { "meanflow": { "lambda": NaN, "initialisation": "teacher" } } }, "baseline": "a"
            """, "meanflow.lambda=0.5").Message.Should().StartWith("NaN is not valid JSON");

    [Fact]
    public void Unquoted_seeds_are_reported_with_the_valid_forms() =>
        _work.Mistake(""" "seeds": 0-5 """).Should().Match<Core.Experiments.Diagnostic>(found =>
            found.Message == "expected seeds, got 0-5" && found.Suggestion!.Contains("\"0-5\""));

    [Fact]
    public void Unquoted_keys_and_words_in_comments_are_left_to_the_JSON_reader()
    {
        _work.Mistake(""" seeds: [1] """).Suggestion.Should().Contain("double quotes");
        _work.Valid(" // NaN, 'x': y\n \"seeds\": [1] /* : NaN */ ").Seeds.Should().Equal(1);
    }

    [Fact]
    public void Text_on_the_command_line_stays_text()
    {
        _work.Write("data//weights/other//file, 2.safetensors", "");
        var options = _work.Valid("", "teacher.weights=data//weights/other//file, 2.safetensors").Arms[0].Options;

        options.Teacher.Should().BeOfType<PretrainedTeacherOptions>().Which.Weights.Should().Be("data//weights/other//file, 2.safetensors");
    }
}

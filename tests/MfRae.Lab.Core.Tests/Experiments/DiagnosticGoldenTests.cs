using MfRae.Lab.Core.Experiments;

namespace MfRae.Lab.Core.Tests.Experiments;

public sealed class DiagnosticGoldenTests
{
    [Theory]
    [InlineData("unknown-key")]
    [InlineData("wrong-type")]
    [InlineData("out-of-range")]
    [InlineData("unknown-kind")]
    [InlineData("broken-json")]
    public void All_mistakes_of_a_malformed_file_have_a_location_and_a_suggestion(string name)
    {
        var result = ExperimentReader.Read($"tests/Golden/diagnostics/{name}.json", [], Repository.Root);

        result.Experiment.Should().BeNull();
        result.Diagnostics.Should().OnlyContain(found => found.Line > 0 && found.Suggestion != null);
        Golden.Check($"tests/Golden/diagnostics/{name}.txt", string.Concat(result.Diagnostics.Select(found => $"{found}\n")));
    }
}

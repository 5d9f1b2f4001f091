using MfRae.Lab.Execution.Running;

namespace MfRae.Lab.Execution.Tests.Running;

public sealed class MachineDescriptionTests
{
    [Fact]
    public void The_model_of_the_processor_is_found_among_other_lines() => MachineDescription
        .Values(["processor\t: 0", "model name\t: One : Two", "model name extra : no", "Model: \t\t NVIDIA A100", "model name:", "nothing"], "model name")
        .Should().Equal("One : Two");

    [Fact]
    public void The_processor_has_a_name_and_a_number() =>
        MachineDescription.Processor().Should().MatchRegex($@"\A\S.* × {Environment.ProcessorCount}\z");
}

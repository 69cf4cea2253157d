// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// @notice What every exported verifier has.
interface IVerifier {
    /// @notice Reverts unless `proof` proves `statement`.
    function verify(uint256[12] calldata proof, uint256[] calldata statement) external view returns (bool);

    /// @notice The integers that output elements of a verified statement stand for, a list for
    /// each output; none for a digest.
    function decodeOutputs(uint256[] calldata outputElements) external view returns (int64[][] memory);

    /// @notice SHA-256 of the verifying key.
    function KEY_DIGEST() external view returns (bytes32);

    /// @notice Whether one party made the keys and could forge proofs.
    function UNSAFE_SETUP() external view returns (bool);

    /// @notice Number of elements of the inputs, after the context.
    function INPUT_ELEMENTS() external view returns (uint256);
}

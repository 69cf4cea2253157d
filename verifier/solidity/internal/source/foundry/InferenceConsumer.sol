// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {IVerifier} from "./IVerifier.sol";

/// @title Example of a contract that acts on proven inferences
/// @notice Somebody asks for an inference of an input and gets a context; a proof with
/// that context and that input answers the request, once, until it expires or is cancelled.
/// @dev What a verifier leaves to its caller, and where it is here:
///
/// - the model: the constructor compares the hash of the verifier's code with the expected
///   one. A digest that a contract says of itself pins nothing: any contract can say it;
/// - the setup: keys that one party made are refused;
/// - freshness: the context hashes chain, contract and a counter, so that no proof
///   made for another request fits; a request is answered once, whatever the bytes
///   of the proof, which anyone can change without invalidating it;
/// - the input: the request fixes its elements. It is the caller's word what they are.
///
/// Whoever submits the proof gains nothing, so nothing is lost if another front-runs it.
contract InferenceConsumer {
    error WrongVerifier(bytes32 codeHash);
    error UnsafeSetup();
    error UnknownRequest(uint256 context);
    error Expired(uint256 context, uint256 expires);
    error NotRequester(address requester);
    error OtherInput();
    error NotProven();

    /// @param inputHash Keccak-256 of the input elements, 32 bytes each.
    event Requested(uint256 indexed context, address indexed requester, bytes32 inputHash, uint256 expires);
    /// @param outputs The integers of each output, q for q * 2^-exp; none of a digest.
    /// @param elements The output elements of the statement.
    event Answered(uint256 indexed context, address indexed requester, int64[][] outputs, uint256[] elements);
    event Cancelled(uint256 indexed context, address indexed requester);

    struct Request {
        address requester;
        uint64 expires; // the last second in which it can be answered
        bytes32 inputHash;
    }

    /// @notice How long a request can be answered, in seconds.
    uint256 public constant LIFETIME = 7 days;

    IVerifier public immutable verifier;
    uint256 private immutable inputElements;
    uint256 private count;
    mapping(uint256 context => Request) public requests;

    /// @param codeHash Keccak-256 of the verifier's runtime code, from a build that the
    /// deployer made of a source whose key digest it knows.
    constructor(IVerifier verifier_, bytes32 codeHash) {
        if (address(verifier_).codehash != codeHash) revert WrongVerifier(address(verifier_).codehash);
        _checkSetup(verifier_);
        verifier = verifier_;
        inputElements = verifier_.INPUT_ELEMENTS();
    }

    /// @notice Asks for an inference.
    /// @param inputHash Keccak-256 of the statement's input elements: the packed
    /// integers of public inputs, the digests of digest inputs; of nothing for private
    /// inputs.
    /// @return context What the proof must have as its context.
    function request(bytes32 inputHash) external returns (uint256 context) {
        context = _newContext(++count);
        uint256 expires = _time() + LIFETIME;
        // forge-lint: disable-next-line(unsafe-typecast)
        requests[context] = Request(msg.sender, uint64(expires), inputHash); // not before the year 2^39
        emit Requested(context, msg.sender, inputHash, expires);
    }

    /// @notice Withdraws a request.
    function cancel(uint256 context) external {
        address requester = requests[context].requester;
        if (requester == address(0)) revert UnknownRequest(context);
        if (requester != msg.sender) revert NotRequester(requester);
        delete requests[context];
        emit Cancelled(context, requester);
    }

    /// @notice Answers a request. Reverts unless the proof is one for its context and input.
    function answer(uint256[12] calldata proof, uint256[] calldata statement) external {
        if (!verifier.verify(proof, statement)) revert NotProven(); // so statement has the model's length
        uint256 context = statement[0];
        Request memory r = requests[context];
        if (r.requester == address(0)) revert UnknownRequest(context);
        if (_time() > r.expires) revert Expired(context, r.expires);
        if (keccak256(abi.encodePacked(statement[1:1 + inputElements])) != r.inputHash) revert OtherInput();
        delete requests[context];
        uint256[] calldata elements = statement[1 + inputElements:];
        emit Answered(context, r.requester, verifier.decodeOutputs(elements), elements);
    }

    /// @dev 248 bits are below the field's order. Tests, which have a proof for one context, override it.
    function _newContext(uint256 number) internal virtual returns (uint256) {
        return uint256(keccak256(abi.encode(block.chainid, address(this), number))) >> 8;
    }

    /// @dev Tests override it.
    function _time() internal view virtual returns (uint256) {
        return block.timestamp;
    }

    /// @dev Tests, which have keys of one party, override it.
    function _checkSetup(IVerifier verifier_) internal view virtual {
        if (verifier_.UNSAFE_SETUP()) revert UnsafeSetup();
    }
}
